import { createHash, hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { compareMigrationFileNames } from "node-pg-migrate/utils/comparators";
import { HeadgateError } from "../errors/headgate-error.ts";
import { errorCode } from "../lib/files.ts";
import { normalized } from "./decode.ts";
import { listedByIndex } from "./manifest.ts";
import { badFiles, type FileProblem } from "./problem.ts";
import type { MigrationFile } from "./types.ts";

const EXTENSIONS = /\.(sql|js|mjs|cjs|ts|mts|cts)$/;
const NAME = /^(\d+)[-_. ]?[\p{L}\p{N} ._+@=,()-]*$/u;

const silent = { info: () => {}, warn: () => {}, error: () => {} };

export interface ListingOptions {
  /** No such folder is no migrations. */
  readonly mayBeAbsent?: boolean;
}

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
    .map((entry) => entry.name);

function namesBy(read: (dir: string) => string[], dir: string, { mayBeAbsent = false }: ListingOptions): string[] {
  try {
    return read(dir);
  } catch (error) {
    if (mayBeAbsent && errorCode(error) === "ENOENT") return [];
    const why = errorCode(error) === "ENOENT" ? "there is no such folder" : (errorCode(error) ?? "it cannot be read");
    throw new HeadgateError("bad-migration-files", {
      what: `the migration folder ${resolve(dir)}: ${why}`,
      fix: "name the folder with --dir (at the desk), or migrations.dir (in the chart); an image needs COPY migrations",
      stands: "nothing was changed",
      cause: error,
    });
  }
}

/** The name a file's migration has, as node-pg-migrate's pairing loader gives it. */
export const migrationName = (file: string): string => file.replace(/(\.(up|down))?\.sql$|\.[a-z]+$/, "");

/** What is wrong with a file's extension; undefined when it is that of a migration. */
export const extensionProblem = (file: string): string | undefined =>
  EXTENSIONS.test(file) ? undefined : "is no migration: .sql, .up.sql, .down.sql, .js, .mjs, .cjs, .ts, .mts or .cts";

function problemOf(file: string): string | undefined {
  const extension = extensionProblem(file);
  if (extension !== undefined) return extension;
  const name = migrationName(file);
  if (!/^\d/.test(name)) return "has no number in front, so it has no place in the order";
  if (!NAME.test(name))
    return "has a character in its name that SQL or a shell could misread: keep to letters, digits, _ and -";
  return undefined;
}

function groupProblem(files: readonly string[]): string | undefined {
  const [first, second, third] = files;
  if (first === undefined || second === undefined) {
    return first?.endsWith(".down.sql") ? "has no .up.sql beside it" : undefined;
  }
  const pair = files.some((file) => file.endsWith(".up.sql")) && files.some((file) => file.endsWith(".down.sql"));
  if (pair && third === undefined) return undefined;
  return `and ${files.slice(1).join(", ")} are one migration by name: keep one`;
}

/** sha256 over the files' bytes, without BOM and with LF line ends; in hex. */
export function checksumOf(paths: readonly string[]): string {
  const [only, ...more] = paths;
  // At once, which is faster than a hash that is fed.
  if (only !== undefined && more.length === 0) return hash("sha256", normalized(readFileSync(only)));
  const fed = createHash("sha256");
  for (const path of paths) fed.update(normalized(readFileSync(path)));
  return fed.digest("hex");
}

function toFile(dir: string, name: string, files: readonly string[]): MigrationFile {
  const ordered = files.toSorted((a, b) => Number(a.endsWith(".down.sql")) - Number(b.endsWith(".down.sql")));
  const paths = ordered.map((file) => join(resolve(dir), file));
  const first = ordered[0] ?? "";
  const kind = first.endsWith(".up.sql") ? "pair" : first.endsWith(".sql") ? "sql" : "script";
  return { name, paths, kind, checksum: checksumOf(paths) };
}

/**
 * The migrations of a folder, in node-pg-migrate's order. Hashes every file, but for those that a manifest knows by size
 * and time, and parses none. Throws `bad-migration-files` with every problem of names and pairs at once.
 */
export function listMigrations(dir: string, options: ListingOptions = {}): MigrationFile[] {
  const known = listedByIndex(resolve(dir), () => namesBy(readdirSync, dir, options));
  if (known !== undefined) return known;
  const entries = namesBy(filesIn, dir, options);
  const groups = new Map<string, string[]>();
  const problems: FileProblem[] = [];
  for (const file of entries) {
    const text = problemOf(file);
    if (text !== undefined) problems.push({ file, text });
    else groups.set(migrationName(file), [...(groups.get(migrationName(file)) ?? []), file].sort());
  }
  for (const files of groups.values()) {
    const text = groupProblem(files);
    if (text !== undefined) problems.push({ file: files[0] ?? "", text });
  }
  if (problems.length > 0) throw badFiles(problems, dir);
  return [...groups]
    .map(([name, files]) => toFile(dir, name, files))
    .sort((a, b) => compareMigrationFileNames(fileOf(a), fileOf(b), silent));
}

/** The base name that stands for a migration; a pair is ordered as the single file that it replaces. */
const fileOf = (file: MigrationFile): string => basename(file.paths[0] ?? "").replace(/\.up\.sql$/, ".sql");

/** Which of two names comes first, as node-pg-migrate orders files. */
export const compareNames = (a: string, b: string): number => {
  try {
    return compareMigrationFileNames(a, b, silent);
  } catch {
    // A name without a number can only come from someone else's history table.
    return a.localeCompare(b);
  }
};

/** Groups of migrations that share a number: their order would hang on the rest of the name. */
export function samePrefix(files: readonly MigrationFile[]): MigrationFile[][] {
  const groups = Map.groupBy(files, (file) => BigInt(/^\d+/.exec(file.name)?.[0] ?? 0));
  return [...groups.values()].filter((group) => group.length > 1);
}
