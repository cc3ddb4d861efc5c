import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { ROOT } from "../support/bundle.ts";
import { keepOutputs } from "../support/canary.ts";
import { type Arguments, help, readArguments } from "./arguments.ts";
import { build } from "./build.ts";
import { findPlanted } from "./planted.ts";
import { programsOf } from "./servers.ts";
import { sweep, withHome } from "./sweep.ts";
import { renderTable } from "./table.ts";
import type { Finding, Tally } from "./tally.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function headgateVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)("../../package.json");
  return version;
}

type Again = Pick<Arguments, "seed" | "kills"> & { readonly major: string | undefined };

/** With the command that runs just this again; `major` is undefined for the version that the tests come with. */
const describe = ({ name, violations, output }: Finding, { seed, kills, major }: Again): string =>
  [
    `\n${name} did not hold:`,
    ...violations.map(({ invariant, what }) => `  ${invariant}: ${what}`),
    `  again: npm run test:faults -- --only '${name}' --seed ${seed} --kills ${kills}${major === undefined ? "" : ` --postgres ${major}`}`,
    ...output.split("\n").map((line) => `    ${line}`),
  ].join("\n");

async function sweepVersions(args: Arguments): Promise<Tally[]> {
  const tallies: Tally[] = [];
  await withHome(async (home) => {
    const bundle = build(ROOT, home);
    for (const major of args.postgres.length === 0 ? [undefined] : args.postgres) {
      if (major !== undefined) process.env.HEADGATE_TEST_POSTGRES_BIN = programsOf(major, home);
      tallies.push(await sweep(bundle, { ...args, say, signal: stop.signal }));
    }
  });
  return tallies;
}

async function mainPlanted(args: Arguments, names: readonly string[]): Promise<number> {
  const missed = await findPlanted(names, { ...args, say, signal: stop.signal });
  process.stdout.write(
    `${names.length - missed.length} of ${names.length} planted bugs were found, seed ${args.seed}\n`,
  );
  return missed.length === 0 && !stop.signal.aborted ? 0 : 1;
}

async function main(args: Arguments): Promise<number> {
  if (args.planted !== undefined) return await mainPlanted(args, args.planted);
  const began = performance.now();
  say(`seed ${args.seed}`);
  const tallies = await sweepVersions(args);
  const findings = tallies.flatMap((tally) => tally.findings);
  for (const [at, tally] of tallies.entries()) {
    for (const finding of tally.findings) say(describe(finding, { ...args, major: args.postgres[at] }));
  }
  const seconds = (performance.now() - began) / 1_000;
  const table = renderTable({ tallies, seed: args.seed, headgate: headgateVersion(), seconds });
  process.stdout.write(`${table}\n`);
  if (args.markdown !== undefined) writeFileSync(args.markdown, `${table}\n`);
  if (stop.signal.aborted) say("stopped: the table is not complete");
  say(findings.length === 0 ? "everything held" : `${findings.length} did not hold`);
  return findings.length === 0 && !stop.signal.aborted ? 0 : 1;
}

const args = readArguments(process.argv.slice(2));
if (args === undefined) process.stdout.write(help);
else {
  // One of the planted bugs puts the password out, and the sweep itself finds that.
  const search = args.planted === undefined ? keepOutputs() : () => undefined;
  process.exitCode = await main(args).finally(search);
}
