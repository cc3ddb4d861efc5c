import type { Ended } from "../agent.ts";
import type { Observation } from "../observe.ts";
import { appliedIn } from "./effects.ts";
import { broken, type Violation } from "./violation.ts";

const namesIn = (list: unknown): string[] =>
  Array.isArray(list) ? list.map((one: unknown) => String(Reflect.get(Object(one), "name"))) : [];

/** What `--json` prints; undefined when the process was killed before. */
export interface Told {
  readonly exitCode: unknown;
  readonly applied: readonly string[];
  readonly reverted: readonly string[];
}

export function reported({ stdout }: Ended): Told | undefined {
  if (stdout.trim() === "") return undefined;
  const report = Object(JSON.parse(stdout));
  return {
    exitCode: Reflect.get(report, "exitCode"),
    applied: namesIn(Reflect.get(report, "applied")),
    reverted: namesIn(Reflect.get(report, "reverted")),
  };
}

/** Compares what was told to be done with what the database shows: `own` of it was certainly done by this run. */
function compareNames(what: string, told: readonly string[], found: { done: string[]; own: string[] }): Violation[] {
  const invented = told.filter((name) => !found.done.includes(name));
  const twice = told.filter((name, at) => told.indexOf(name) !== at);
  const untold = found.own.filter((name) => found.done.includes(name) && !told.includes(name));
  return [
    ...(invented.length === 0 ? [] : [broken("I4", `reported as ${what}, and not so: ${invented.join(", ")}`)]),
    ...(twice.length === 0 ? [] : [broken("I4", `reported as ${what} more than once: ${twice.join(", ")}`)]),
    ...(untold.length === 0 ? [] : [broken("I4", `${what}, and not in the report: ${untold.join(", ")}`)]),
  ];
}

export const without = (all: readonly string[], some: readonly string[]): string[] =>
  all.filter((name) => !some.includes(name));

/** Names in rows that a run wrote which began after `before` was seen: not one that was dead by then and still at work. */
function writtenLater(before: Observation, rows: readonly { readonly name: string; readonly run: number | null }[]) {
  const newest = Math.max(0, ...before.runs.map(({ id }) => id));
  return rows.filter(({ run }) => (run ?? 0) > newest).map(({ name }) => name);
}

export const namesInHistory = (seen: Observation): string[] => seen.history.map((row) => row.name);

/** I4: exit code, report and database tell the same story of one run. */
export function judgeReport(ended: Ended, before: Observation, after: Observation): Violation[] {
  const { code, hung } = ended;
  if (hung) return [broken("I9", "the agent did not end")];
  if (code === null) return [];
  const report = reported(ended);
  if (report === undefined) return [broken("I4", `ended with ${code} and no report`)];
  const up = { done: without(appliedIn(after), appliedIn(before)), own: writtenLater(before, after.history) };
  const gone = {
    done: without(namesInHistory(before), namesInHistory(after)),
    own: writtenLater(before, after.reverted),
  };
  // A run that ends with 2 says that the history may know more.
  const certain = code === 2 ? { own: [] } : {};
  return [
    ...(report.exitCode === code ? [] : [broken("I4", `ended with ${code}, the report says ${report.exitCode}`)]),
    ...compareNames("applied", report.applied, { ...up, ...certain }),
    ...compareNames("taken back", report.reverted, { ...gone, ...certain }),
  ];
}

const brokeOff = ({ code, stderr }: Ended): boolean =>
  code === null || code === 2 || stderr.includes("the report did not reach run-row");

/** Ended well, and has to say so in headgate.run: also when there was nothing to do. */
const isRecorded = (ended: Ended): boolean => ended.code === 0 && reported(ended) !== undefined;

/** I4 over many runs: each that ended by itself has its row in headgate.run, with its end. `earlier`: runs before. */
export function judgeRuns(runs: readonly Ended[], seen: Observation, earlier: number): Violation[] {
  const lost = runs.filter(brokeOff).length;
  const well = runs.filter(isRecorded).length + earlier;
  const recorded = seen.runs.filter((run) => run.outcome === "done" && run.exit_code === 0).length;
  const open = seen.runs.filter((run) => run.outcome === "running").length;
  return [
    ...(recorded >= well - lost && recorded <= well + lost
      ? []
      : [broken("I4", `${well} runs ended with 0, and ${recorded} rows of headgate.run say so`)]),
    ...(open <= lost ? [] : [broken("I4", `${open} runs are "running" in headgate.run, and ${lost} were broken off`)]),
  ];
}
