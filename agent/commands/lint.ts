import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { compareNames, listMigrations, migrationName } from "../migrations/listing.ts";
import { compileMigrations } from "../migrations/load.ts";
import type { MigrationFile } from "../migrations/types.ts";
import { BARS, type Finding, reaches } from "../rules/rule.ts";
import type { Context } from "../stages/context.ts";
import { inspectMigrations } from "../stages/inspect.ts";
import type { PlannedMigration } from "../stages/state.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import type { Linted } from "./lint-formats.ts";
import { fileOptions, text } from "./options.ts";

interface Source {
  readonly files: readonly MigrationFile[];
  readonly dir: string;
  /** How a file's base name is shown. */
  readonly shown: (base: string) => string;
}

/** One file, with its other half where it is one of a pair. */
function fileAt(path: string): MigrationFile {
  const whole = resolve(path).replace(/\.down\.sql$/, ".up.sql");
  if (!existsSync(whole)) {
    throw new HeadgateError("bad-migration-files", {
      what: `${path}: there is no such file`,
      stands: "nothing was changed",
    });
  }
  const kind = whole.endsWith(".up.sql") ? "pair" : whole.endsWith(".sql") ? "sql" : "script";
  const down = whole.replace(/\.up\.sql$/, ".down.sql");
  const paths = kind === "pair" && existsSync(down) ? [whole, down] : [whole];
  return { name: migrationName(basename(whole)), paths, kind, checksum: "" };
}

/** Files of one folder, all of them or some: together they are a set, and each may build on those before it. */
function sourceOf(dir: string, files: readonly MigrationFile[]): Source {
  return { files, dir, shown: (base: string) => relative("", join(dir, base)) || base };
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

function sourcesOf(paths: readonly string[]): Source[] {
  const folders = paths.filter(isFolder).map((dir) => sourceOf(dir, listMigrations(dir)));
  const single = paths.filter((path) => !isFolder(path));
  const dirs = new Set(single.map(dirname));
  const chosen = [...dirs].map((dir) => {
    const files = single.filter((path) => dirname(path) === dir).map(fileAt);
    // Both halves of a pair name the same migration.
    const byName = new Map(files.map((file) => [file.name, file]));
    return sourceOf(
      dir,
      [...byName.values()].sort((a, b) => compareNames(a.name, b.name)),
    );
  });
  return [...folders, ...chosen];
}

function* findingsOf(planned: PlannedMigration, shown: Source["shown"]): Generator<Linted> {
  const { migration, findings, downFindings } = planned;
  const lines = new Map(migration.paths.map((path) => [basename(path), readFileSync(path, "utf8").split("\n")]));
  const up = migration.up?.file ?? basename(migration.paths[0] ?? "");
  const of = (file: string, finding: Finding): Linted => ({
    ...finding,
    file: shown(file),
    source: finding.line === undefined ? undefined : lines.get(file)?.[finding.line - 1],
  });
  for (const finding of findings.flat()) yield of(up, finding);
  for (const finding of downFindings) yield of(migration.downAt?.file ?? up, finding);
}

async function lintAt({ files, dir, shown }: Source, context: Context): Promise<Linted[]> {
  const migrations = await compileMigrations(files, files, dir);
  const { allow } = context.settings.plan;
  const ownSchema = context.names.schemaName;
  const options = { all: files, dir, ownSchema, allow, limitBytes: Number.POSITIVE_INFINITY };
  return (await inspectMigrations(migrations, options)).flatMap((planned) => [...findingsOf(planned, shown)]);
}

/** Text from a pipe is linted as a file that lies nowhere. */
async function lintPipe(context: Context): Promise<Linted[]> {
  const dir = mkdtempSync(join(tmpdir(), "headgate-lint-"));
  try {
    const path = join(dir, "stdin.sql");
    writeFileSync(path, readFileSync(0));
    return await lintAt({ ...sourceOf(dir, [fileAt(path)]), shown: () => "stdin" }, context);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function lintAll(context: Context, args: Args): Promise<Linted[]> {
  const paths = Array.isArray(args.paths) && args.paths.length > 0 ? args.paths.map(String) : [context.dir];
  const all = paths.includes("-") ? await lintPipe(context) : [];
  for (const source of sourcesOf(paths.filter((path) => path !== "-"))) all.push(...(await lintAt(source, context)));
  return all;
}

export const lint: Command = {
  options: {
    ...fileOptions,
    format: { ...text("how findings are shown"), choices: ["human", "json", "sarif", "markdown"] },
    "fail-on": { ...text("the lowest risk that ends with 3; plan.refuse when it is left out"), choices: BARS },
  },
  positionals: { paths: { describe: "folders and files, - for a pipe; none is --dir", array: true } },
  examples: [
    ["headgate lint migrations", "what would hurt, and what to write instead"],
    ["headgate lint $(git diff --name-only --diff-filter=A main -- migrations)", "only what a branch adds, as one set"],
    ["headgate lint --format sarif > lint.sarif", "for a code scanner"],
  ],
  run: async (args, io) =>
    await withContext("lint", { args, io }, async (context) => {
      const found = await lintAll(context, args);
      const { lintFormats } = await import("./lint-formats.ts");
      const format = flagArg(args, "json") ? "json" : (textArg(args, "format") ?? "human");
      io.out(lintFormats[format]?.(found) ?? "");
      const bar = BARS.find((one) => one === textArg(args, "fail-on")) ?? context.settings.plan.refuse;
      return found.some(({ risk, accepted }) => accepted === undefined && reaches(risk, bar)) ? 3 : 0;
    }),
};
