import { existsSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { checksumOf, compareNames, extensionProblem, listMigrations, migrationName } from "./listing.ts";
import { badFiles } from "./problem.ts";
import type { MigrationFile } from "./types.ts";

/** Files of one folder, all of them or some, in their order: together they are a set, and each may build on those before it. */
export interface Chosen {
  readonly dir: string;
  readonly files: readonly MigrationFile[];
}

/** One file, with its other half where it is one of a pair. */
export function fileAt(path: string): MigrationFile {
  const whole = resolve(path).replace(/\.down\.sql$/, ".up.sql");
  const problem = existsSync(whole) ? extensionProblem(whole) : "there is no such file";
  if (problem !== undefined) throw badFiles([{ file: path, text: problem }], dirname(path));
  const kind = whole.endsWith(".up.sql") ? "pair" : whole.endsWith(".sql") ? "sql" : "script";
  const down = whole.replace(/\.up\.sql$/, ".down.sql");
  const paths = kind === "pair" && existsSync(down) ? [whole, down] : [whole];
  return { name: migrationName(basename(whole)), paths, kind, checksum: checksumOf(paths) };
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Sets of files as somebody names them: folders whole, files grouped by their folder. Throws `bad-migration-files`. */
export function chosenFiles(paths: readonly string[]): Chosen[] {
  const folders = paths.filter(isFolder).map((dir) => ({ dir, files: listMigrations(dir) }));
  const single = paths.filter((path) => !isFolder(path));
  const sets = [...new Set(single.map(dirname))].map((dir) => {
    const files = single.filter((path) => dirname(path) === dir).map(fileAt);
    // Both halves of a pair name the same migration.
    const byName = new Map(files.map((file) => [file.name, file]));
    return { dir, files: [...byName.values()].sort((a, b) => compareNames(a.name, b.name)) };
  });
  return [...folders, ...sets];
}
