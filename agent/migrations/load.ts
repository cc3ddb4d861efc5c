import { checksumOf } from "./listing.ts";
import { readManifest } from "./manifest.ts";
import { readAll } from "./problem.ts";
import type { Migration, MigrationFile } from "./types.ts";

async function loadScripts(all: readonly MigrationFile[], dir: string): Promise<ReadonlyMap<string, Migration>> {
  const { loadScript } = await import("./script.ts");
  const scripts = all.filter((file) => file.kind === "script");
  // All of them, applied or not, in order: a script sees the shorthands of those before it.
  return new Map((await readAll(scripts, dir, loadScript)).map((migration) => [migration.name, migration]));
}

/**
 * The migrations of `wanted`, ready to be applied: from the manifest where there is one, else compiled in memory.
 * Throws `bad-migration-files` with the problems of all files.
 */
export async function loadMigrations(
  wanted: readonly MigrationFile[],
  all: readonly MigrationFile[],
  dir: string,
): Promise<Migration[]> {
  if (wanted.length === 0) return [];
  const rehashed = new Map(
    wanted
      .filter((file) => file.stamped === true)
      .map((file) => [file.name, { ...file, checksum: checksumOf(file.paths) }]),
  );
  const files = rehashed.size === 0 ? all : all.map((file) => rehashed.get(file.name) ?? file);
  return readManifest(dir, wanted, files) ?? (await compileMigrations(wanted, all, dir));
}

/** As `loadMigrations`, always from the files themselves. */
export async function compileMigrations(
  wanted: readonly MigrationFile[],
  all: readonly MigrationFile[],
  dir: string,
): Promise<Migration[]> {
  const scripts = wanted.some((file) => file.kind === "script") ? await loadScripts(all, dir) : undefined;
  const { loadSql } = await import("./sql-file.ts");
  return await readAll(wanted, dir, (file) => scripts?.get(file.name) ?? loadSql(file));
}
