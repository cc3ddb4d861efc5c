import { formatDuration } from "../lib/duration.ts";
import type { Rehearsal, RehearsedMigration } from "../pipeline/rehearsal.ts";
import type { Step, StepName } from "../pipeline/rehearsal-steps.ts";
import { junitXml, type TestCase } from "../report/junit-xml.ts";
import type { Risk } from "../rules/rule.ts";

/** What is told of a rehearsal. */
export interface Rehearsed extends Rehearsal {
  /** Of PostgreSQL, e.g. `18.4`. */
  readonly version: string;
  /** Lint findings that nobody has accepted, by risk. */
  readonly findings: Readonly<Record<Risk, number>>;
  /** The state that it began with; null for an empty database. */
  readonly from: State | null;
}

/** A state that was there. */
export interface State {
  /** A database or a file. */
  readonly name: string;
  /** What was applied there, in the order in which it was. */
  readonly applied: readonly string[];
}

const WHOLE = "the whole set";

const HOLDS: Readonly<Record<StepName, string>> = {
  up: "up",
  down: "down undoes it",
  "up again": "up again",
  smoke: "smoke: the expectations are met",
  "all down": "all down",
  "all up again": "all up again",
};

const FAILS: Readonly<Record<StepName, string>> = {
  up: "CANNOT BE APPLIED",
  down: "THE DOWN DOES NOT HOLD",
  "up again": "UP AGAIN DOES NOT HOLD",
  smoke: "SMOKE: NOT MET",
  "all down": "ALL DOWN DOES NOT HOLD",
  "all up again": "ALL UP AGAIN DOES NOT HOLD",
};

function brief({ name, status, durationMs, what }: Step): string {
  if (status === "failed") return FAILS[name];
  if (status === "skipped") return `no way back: ${what}`;
  return name === "up" ? `up ${formatDuration(durationMs)}` : HOLDS[name];
}

/** What does not hold, or is worth knowing, beneath the line of a migration. */
const beneath = (step: Step): string[] => {
  const notes = step.notes.map((line) => `${step.name}, which does no harm: ${line}`);
  if (step.status !== "failed") return notes;
  const lines = step.lines.flatMap((line) => line.split("\n"));
  return [`${step.name}: ${step.what}`, ...lines.map((line) => `  ${line}`), `  what to do: ${step.fix}`, ...notes];
};

const linesOf = (head: string, steps: readonly Step[]): string[] => [
  `${head}  ${steps.map(brief).join(", ")}`,
  ...steps.flatMap(beneath).map((line) => `    ${line}`),
];

/** The whole folder, judged together, would hide what is found on a table that is applied. */
function findingsLine({ findings, from }: Rehearsed): string[] {
  const found = (["high", "medium", "low"] as const).filter((risk) => findings[risk] > 0);
  if (found.length === 0) return [];
  return [
    `lint: ${found.map((risk) => `${findings[risk]} ${risk}`).join(", ")} (headgate lint${from === null ? "" : " FILE..."} shows them)`,
  ];
}

const LISTED = 10;

function appliedLine(from: State | null): string[] {
  if (from === null) return [];
  const { name, applied } = from;
  const [first = "", last = ""] = [applied[0], applied.at(-1)];
  const names = applied.length <= LISTED ? applied.join(", ") : `${first} to ${last}`;
  return [`${name} has ${applied.length} applied${names === "" ? "" : `: ${names}`}`];
}

/** What was applied, a line a migration, and beneath it what does not hold. */
export function rehearsalText(rehearsed: Rehearsed): string {
  const { migrations, notReached, whole, from } = rehearsed;
  const names = [...migrations.map(({ name }) => name), ...notReached, ...(whole.length === 0 ? [] : [WHOLE])];
  const width = Math.max(0, ...names.map((name) => name.length));
  const lines = [
    ...appliedLine(from),
    ...migrations.flatMap(({ name, steps }) => linesOf(name.padEnd(width), steps)),
    ...notReached.map((name) => `${name.padEnd(width)}  not tried`),
    ...(whole.length === 0 ? [] : linesOf(WHOLE.padEnd(width), whole)),
    ...findingsLine(rehearsed),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** The names of what does not hold. */
export const failures = ({ migrations, whole }: Rehearsal): string[] => [
  ...migrations.filter(({ steps }) => steps.some(isFailed)).map(({ name }) => name),
  ...(whole.some(isFailed) ? [WHOLE] : []),
];

const isFailed = ({ status }: Step): boolean => status === "failed";

const stepJson = ({ durationMs, ...step }: Step) => ({ ...step, durationMs: Math.round(durationMs) });

export const rehearsalJson = (rehearsed: Rehearsed): string =>
  `${JSON.stringify({
    holds: failures(rehearsed).length === 0,
    ...rehearsed,
    migrations: rehearsed.migrations.map(({ name, steps }) => ({ name, steps: steps.map(stepJson) })),
    whole: rehearsed.whole.map(stepJson),
  })}\n`;

/** JUnit's XML: a test case for each step of each migration. */
export function rehearsalJunit({ migrations, notReached, whole }: Rehearsed): string {
  const suites: readonly RehearsedMigration[] = [...migrations, { name: WHOLE, steps: whole }];
  return junitXml("headgate rehearse", [
    ...suites.flatMap(({ name, steps }) => steps.map((step) => testcase(name, step))),
    ...notReached.map((name) => ({ of: name, name: "up", durationMs: 0, skipped: "not tried" })),
  ]);
}

function testcase(of: string, { name, status, durationMs, what, lines, notes, fix }: Step): TestCase {
  return {
    ...{ of, name, durationMs },
    skipped: status === "skipped" ? what : undefined,
    failure: status === "failed" ? { what, text: [...lines, ...notes, `what to do: ${fix}`].join("\n") } : undefined,
  };
}
