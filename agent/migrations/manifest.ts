import { join } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { readTextIfThere, writeWhole } from "../lib/files.ts";
import { isRecord } from "../lib/records.ts";
import type { Migration, MigrationFile } from "./types.ts";

/** A dot file: node-pg-migrate's own CLI passes over it. */
export const MANIFEST = ".headgate-manifest.json";

/** Another version's manifest may lack what this one reads from it. */
const FORMAT = 2;

type Entry = Omit<Migration, "paths">;

const isEntry = (value: unknown): value is Entry =>
  isRecord(value) && typeof value.name === "string" && typeof value.checksum === "string" && "downKind" in value;

/** Writes what `headgate compile` found out, so that no run has to find it out again. */
export async function writeManifest(dir: string, migrations: readonly Migration[]): Promise<string> {
  const path = join(dir, MANIFEST);
  const entries = migrations.map(({ paths: _paths, ...entry }) => entry);
  await writeWhole(path, `${JSON.stringify({ format: FORMAT, migrations: entries })}\n`);
  return path;
}

const stale = (dir: string, why: string): HeadgateError =>
  new HeadgateError("bad-migration-files", {
    what: `${join(dir, MANIFEST)} does not fit the files beside it: ${why}`,
    fix: "run headgate compile again after the last COPY of migrations",
    stands: "nothing was changed",
  });

/** What was compiled, by name; undefined without a manifest. Refuses one that the files have outrun. */
export async function readManifest(
  dir: string,
  files: readonly MigrationFile[],
): Promise<ReadonlyMap<string, Migration> | undefined> {
  const text = await readTextIfThere(join(dir, MANIFEST));
  if (text === undefined) return undefined;
  const parsed = parseManifest(text, dir);
  if (!isRecord(parsed) || parsed.format !== FORMAT) throw stale(dir, "another version of Headgate wrote it");
  const entries = Array.isArray(parsed.migrations) ? parsed.migrations.filter(isEntry) : [];
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const differing = files.find((file) => byName.get(file.name)?.checksum !== file.checksum);
  if (differing !== undefined) throw stale(dir, `${differing.name} was added or changed`);
  if (byName.size !== files.length) throw stale(dir, "a file is gone");
  return new Map(files.map((file) => [file.name, { ...present(byName.get(file.name), dir, file), paths: file.paths }]));
}

function parseManifest(text: string, dir: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw stale(dir, "it is not JSON");
  }
}

function present(entry: Entry | undefined, dir: string, file: MigrationFile): Entry {
  if (entry === undefined) throw stale(dir, `${file.name} is not in it`);
  return entry;
}
