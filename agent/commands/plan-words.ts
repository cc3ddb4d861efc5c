import { count } from "../lib/count.ts";
import { inUnits } from "../lib/units.ts";
import type { TableSize } from "../postgres/table-size.ts";
import { type Finding, RISKS } from "../rules/rule.ts";
import type { MigrationForecast, StatementForecast } from "../stages/forecast.ts";
import type { Traced } from "../stages/trace-statements.ts";
import { FELT } from "../statements/lock-modes.ts";

/** `about 200,000 rows, 25 MB`. */
const sizeText = ({ rows, bytes }: TableSize): string =>
  rows === null
    ? `never analyzed, ${inUnits(bytes)} at least`
    : `about ${Math.round(rows).toLocaleString("en-US")} rows, ${inUnits(bytes)}`;

function rowsText({ rewrites, scans }: StatementForecast): string {
  if (rewrites === true) return "; the table is rewritten";
  if (rewrites === null) return "; the table may be rewritten";
  if (scans === true) return "; every row is read";
  return scans === null ? "; every row may be read" : "";
}

/** What only the database or the run tells, where there is such a thing. */
const restText = ({ complete, lock, table }: StatementForecast): string => {
  if (complete) return "";
  return lock !== null && table === null
    ? "only the database knows on what"
    : "more may be locked, which only its run tells";
};

/** Lock, table, size, and what clients feel, in one line; empty when no table is locked. */
export function costText(statement: StatementForecast): string {
  const { lock, table, size } = statement;
  if (lock === null) return restText(statement);
  const where =
    table === null ? `, ${restText(statement)}` : ` on ${table}${size === undefined ? "" : ` (${sizeText(size)})`}`;
  return `${lock}${where}: ${FELT[lock]}${rowsText(statement)}`;
}

/** Tables that are named one by one beside the first. */
const NAMED = 8;

/** The locks on other tables, by mode: `SHARE ROW EXCLUSIVE on customers: writes wait`. */
export function otherLocks(statement: StatementForecast): string[] {
  const modes = Map.groupBy(statement.locks.slice(1), ({ lock }) => lock);
  const lines = [...modes].map(([lock, all]) => {
    const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : "";
    const names = all.slice(0, NAMED).map(({ table }) => table);
    return `${lock} on ${names.join(", ")}${more}: ${FELT[lock]}`;
  });
  const rest = statement.table === null ? "" : restText(statement);
  return [...lines, ...(rest === "" ? [] : [rest])];
}

/** `expand, reversible`: what matters of a migration as a whole. */
export const notesOf = ({ transaction, phase, downKind }: MigrationForecast): string[] => [
  phase === "unknown" ? "phase unknown" : phase,
  ...(transaction ? [] : ["no transaction"]),
  downKind === "stored" ? "reversible" : "no way back",
];

/** The highest risk that nobody has accepted, and how many are accepted: `high`, `none, 2 accepted`. */
export function riskOf({ statements = [] }: MigrationForecast): string {
  const found = statements.flatMap(({ findings }) => findings);
  const open = found.filter(({ accepted }) => accepted === undefined);
  const worst = RISKS.findLast((risk) => open.some((one) => one.risk === risk)) ?? "none";
  return open.length === found.length ? worst : `${worst}, ${found.length - open.length} accepted`;
}

/** What a finding counts as: its risk, or who takes it and why. */
export const weightOf = ({ risk, accepted }: Finding): string =>
  accepted === undefined ? risk : `accepted (${accepted})`;

const grown = (bytes: number): string => (bytes === 0 ? "" : `, ${bytes > 0 ? "+" : ""}${inUnits(bytes)}`);

const locksText = (locks: Traced["locks"]): string => {
  const names = locks.slice(0, NAMED).map(({ lock, table }) => `${lock} on ${table}`);
  return locks.length === 0
    ? "no lock"
    : `${names.join(", ")}${locks.length > NAMED ? ` and ${locks.length - NAMED} more` : ""}`;
};

/** What a statement did in the copy, in one line. */
export const ranText = ({ locks, holds, rewritten, durationMs, bytes, sampled }: Traced): string =>
  [
    `${locks.length === 0 && holds ? "none but those held already" : locksText(locks)}${sampled ? " (sampled)" : ""}`,
    ...(rewritten.length === 0 ? [] : [`${rewritten.join(", ")} rewritten`]),
    `${Math.round(durationMs).toLocaleString("en-US")} ms${grown(bytes)}`,
  ].join("; ");

/** What the plan had said of it, in as many words. */
export const plannedText = ({ locks, lock, rewrites, complete }: StatementForecast): string =>
  [
    locks.length === 0 && lock !== null ? `${lock} somewhere` : locksText(locks),
    ...(rewrites === true ? ["rewritten"] : []),
    ...(rewrites === null ? ["may be rewritten"] : []),
    ...(complete ? [] : ["perhaps more"]),
  ].join("; ");

/** How often the plan was right: the line that ends a trace. */
export function agreementText(traced: readonly Traced[]): string {
  const judged = traced.filter(({ verdict }) => verdict !== undefined);
  const some = (wanted: Traced["verdict"]) => judged.filter(({ verdict }) => verdict === wanted).length;
  const untold = some("untold") === 0 ? "" : `, could not tell all of ${some("untold")}`;
  const wrong = some("wrong") === 0 ? "" : `, and was wrong about ${some("wrong")}`;
  const whole = traced.length - judged.length;
  const rest = whole === 0 ? "" : `; ${count(whole, "migration")} ran as a whole, without a plan to hold it against`;
  return `${count(judged.length, "statement")}, the plan was right about ${some("right")}${untold}${wrong}${rest}`;
}
