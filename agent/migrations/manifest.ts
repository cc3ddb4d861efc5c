import { closeSync, lstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode, writeWhole } from "../lib/files.ts";
import { collectEach } from "../lib/garbage.ts";
import { isRecord } from "../lib/records.ts";
import { type Body, type BodyPlace, CompiledMigration } from "./compiled.ts";
import type { Migration, MigrationFile } from "./types.ts";

/** Dot files: node-pg-migrate's own CLI passes over them. The index is read at every run, the bodies when they are wanted. */
export const MANIFEST = ".headgate-manifest.json";
const BODIES = ".headgate-manifest.bodies";

/** Another version's manifest may lack what this one reads from it. */
const FORMAT = 6;

/** Each leaves some 3 KB of garbage. */
const BODIES_A_TIDY = 4_000;

/** A file as it was when its migration was compiled: base name, bytes, and seconds, for image layers keep no more. */
type Stamp = readonly [file: string, size: number, seconds: number];

/** One migration in the index, and where its body stands in the other file. */
type IndexEntry = readonly [
  name: string,
  kind: MigrationFile["kind"],
  checksum: string,
  stamps: readonly Stamp[],
  offset: number,
  length: number,
];

/** In the order of the migrations. */
export type Index = readonly IndexEntry[];

const stampOf = (path: string): Stamp => {
  const { size, mtimeMs } = statSync(path);
  return [basename(path), size, Math.floor(mtimeMs / 1_000)];
};

/** Writes what `headgate compile` found out, so that no run has to find it out again. Gives the path of the index. */
export async function writeManifest(dir: string, migrations: readonly Migration[]): Promise<string> {
  const lines = migrations.map(({ paths: _paths, ...body }) => `${JSON.stringify(body)}\n`);
  let offset = 0;
  const entries = migrations.map(({ name, kind, checksum, paths }, at): IndexEntry => {
    const length = Buffer.byteLength(lines[at] ?? "");
    offset += length;
    return [name, kind, checksum, paths.map(stampOf), offset - length, length];
  });
  const path = join(dir, MANIFEST);
  await writeWhole(join(dir, BODIES), lines.join(""));
  await writeWhole(path, `${JSON.stringify({ format: FORMAT, entries })}\n`);
  return path;
}

const stale = (dir: string, why: string): HeadgateError =>
  new HeadgateError("bad-migration-files", {
    what: `${join(dir, MANIFEST)} does not fit the files beside it: ${why}`,
    fix: "run headgate compile again after the last COPY of migrations",
    stands: "nothing was changed",
  });

function parseIndex(text: string, dir: string): Index {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw stale(dir, "it is not JSON");
  }
  if (!isRecord(parsed) || parsed.format !== FORMAT || !Array.isArray(parsed.entries)) {
    throw stale(dir, "another version of Headgate wrote it");
  }
  return parsed.entries;
}

/** The index of a folder's manifest; undefined without one. Throws `bad-migration-files` for one that cannot be read. */
export function readIndex(dir: string): Index | undefined {
  try {
    return parseIndex(readFileSync(join(dir, MANIFEST), "utf8"), dir);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

const isUntouched = (dir: string, [file, size, seconds]: Stamp): boolean => {
  // Not join(): it costs more than the look at the file.
  const now = statSync(`${dir}/${file}`, { throwIfNoEntry: false });
  return now !== undefined && now.size === size && Math.floor(now.mtimeMs / 1_000) === seconds;
};

/** A name that a listing would show: it passes over folders and dot files. */
const isListed = (dir: string, name: string): boolean => {
  const found = name.startsWith(".") ? undefined : lstatSync(`${dir}/${name}`, { throwIfNoEntry: false });
  return found?.isFile() === true || found?.isSymbolicLink() === true;
};

/** The files as the index knows them, when it knows exactly these of `names` and each is as it was; else undefined. */
export function listedByIndex(dir: string, names: () => readonly string[]): MigrationFile[] | undefined {
  const index = readIndexOrNone(dir);
  if (index === undefined) return undefined;
  const stamps = index.flatMap((entry) => entry[3]);
  const known = new Set(stamps.map((stamp) => stamp[0]));
  // Of bare names: to read what kind each is costs more than they do, and only a stranger's kind matters.
  const isNew = (name: string) => !known.has(name) && isListed(dir, name);
  if (names().some(isNew) || !stamps.every((stamp) => isUntouched(dir, stamp))) return undefined;
  return index.map(([name, kind, checksum, files]) => ({
    name,
    paths: files.map(([file]) => `${dir}/${file}`),
    kind,
    checksum,
    stamped: true,
  }));
}

/** A listing goes without one that cannot be read; who wants a body from it is told. */
function readIndexOrNone(dir: string): Index | undefined {
  try {
    return readIndex(dir);
  } catch {
    return undefined;
  }
}

/** Reads bodies, and remembers the last one: whoever asks for one part of it asks for the next. */
function bodyReader(dir: string): (place: BodyPlace) => Body {
  const tidy = collectEach(BODIES_A_TIDY);
  let last: Body | undefined;
  return (place) => {
    if (last?.name === place.name) return last;
    tidy();
    last = readBody(join(dir, BODIES), place);
    if (last === undefined) throw stale(dir, `${BODIES} belongs to another one`);
    return last;
  };
}

function readBody(path: string, { name, checksum, offset, length }: BodyPlace): Body | undefined {
  const descriptor = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, offset);
    const body: unknown = JSON.parse(bytes.toString("utf8"));
    return isRecord(body) && body.name === name && body.checksum === checksum ? (body as unknown as Body) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function refuseStale(dir: string, index: Index, files: readonly MigrationFile[]): void {
  const checksums = new Map(index.map((entry) => [entry[0], entry[2]]));
  const differing = files.find((file) => checksums.get(file.name) !== file.checksum);
  if (differing !== undefined) throw stale(dir, `${differing.name} was added or changed`);
  if (checksums.size !== files.length) throw stale(dir, "a file is gone");
}

/**
 * The bodies of `wanted`, of the folder's `files`; undefined without a manifest. Throws `bad-migration-files` for one that
 * the files have outrun.
 */
export function readManifest(
  dir: string,
  wanted: readonly MigrationFile[],
  files: readonly MigrationFile[],
): Migration[] | undefined {
  const index = readIndex(dir);
  if (index === undefined) return undefined;
  refuseStale(dir, index, files);
  const read = bodyReader(dir);
  const places = new Map(index.map(([name, , , , offset, length]) => [name, { offset, length }]));
  // refuseStale has seen each there.
  return wanted.map((file) => new CompiledMigration(file, places.get(file.name) ?? { offset: 0, length: 0 }, read));
}
