import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { type Chosen, chosenFiles, fileAt } from "../migrations/chosen.ts";
import { compileMigrations } from "../migrations/load.ts";
import { BARS, type Finding, reaches } from "../rules/rule.ts";
import type { Context } from "../stages/context.ts";
import { inspectMigrations } from "../stages/inspect.ts";
import type { PlannedMigration } from "../stages/state.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import type { Linted } from "./lint-formats.ts";
import { fileOptions, text } from "./options.ts";

interface Source extends Chosen {
  /** How a file's base name is shown. */
  readonly shown: (base: string) => string;
}

const sourceOf = ({ dir, files }: Chosen): Source => ({
  ...{ dir, files },
  shown: (base) => relative("", join(dir, base)) || base,
});

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
    return await lintAt({ dir, files: [fileAt(path)], shown: () => "stdin" }, context);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function lintAll(context: Context, args: Args): Promise<Linted[]> {
  const paths = Array.isArray(args.paths) && args.paths.length > 0 ? args.paths.map(String) : [context.dir];
  const all = paths.includes("-") ? await lintPipe(context) : [];
  for (const chosen of chosenFiles(paths.filter((path) => path !== "-")))
    all.push(...(await lintAt(sourceOf(chosen), context)));
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
