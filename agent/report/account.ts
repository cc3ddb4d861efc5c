import { type MigrationRow, readRunMigrations } from "../history/run-migrations.ts";
import { type RunRow, readRun } from "../history/runs.ts";
import type { Names } from "../history/schema.ts";
import { withoutPasswords } from "../lib/redact.ts";
import type { Session } from "../postgres/session.ts";
import type { Release } from "../settings/release.ts";
import { locksSeen } from "../statements/lock-modes.ts";
import { readReport } from "./read-report.ts";
import { cleanReport, type MigrationRecord, type Report } from "./report.ts";

/** A migration of a run, with what the history adds to the report. */
export interface MigrationAccount extends MigrationRecord {
  readonly direction: "up" | "down";
  /** As it ran, its beginning; undefined where nobody knows it. */
  readonly sql?: string | undefined;
  readonly sqlLength?: number | undefined;
  readonly phase?: string | undefined;
  readonly downKind?: string | undefined;
  /** What has become of it since, where that is worth a word. */
  readonly since?: string | undefined;
}

/** A run as it is told afterwards: its report as far as it is kept, its row, and what the history knows of its migrations. */
export interface Account {
  /** Undefined for a run that left no row. */
  readonly run: string | undefined;
  readonly target: string | undefined;
  readonly command: string;
  readonly outcome: Report["outcome"] | "running";
  readonly exitCode: number | undefined;
  readonly startedAt: string;
  /** Undefined for a run that never ended. */
  readonly durationMs: number | undefined;
  readonly agentVersion: string;
  readonly planHash: string | undefined;
  readonly release: Pick<Release, "name" | "namespace" | "revision" | "chart" | "image"> | undefined;
  /** The pod, or who sat at the desk. */
  readonly by: string | undefined;
  readonly migrations: readonly MigrationAccount[];
  /** Empty in all its lists where it is not kept. */
  readonly report: Report;
  /** What is missing here, and why. */
  readonly notes: readonly string[];
}

const NO_REPORT: Report = {
  ...{ format: 1, command: "", outcome: "failed", exitCode: 0, agentVersion: "", startedAt: "", durationMs: 0 },
  ...{ database: undefined, planHash: undefined, stages: [], risks: [], applied: [], reverted: [], ahead: [] },
  ...{ stoppedAt: undefined, notReached: [], fleet: undefined, error: undefined, release: undefined },
};

function sinceOf(row: MigrationRow, run: string): string | undefined {
  if (row.state === "taken back" && row.direction === "up")
    return `taken back since${row.takenBackBy === null ? "" : `, by run ${row.takenBackBy}`}`;
  if (row.run !== null && row.run !== run && row.direction === "up") return `begun by run ${row.run}`;
  return row.state === "applied" || row.state === "taken back" ? undefined : `stopped part-way: ${row.state}`;
}

const fromHistory = (row: MigrationRow, { run, ownSchema }: { run: string; ownSchema: string }): MigrationAccount => ({
  name: row.name,
  durationMs: Math.round(row.durationMs ?? 0),
  direction: row.direction,
  sql: row.sql ?? undefined,
  sqlLength: row.sqlLength,
  phase: row.phase,
  downKind: row.downKind,
  since: sinceOf(row, run),
  // Those of the way up say nothing of the way back.
  locks: row.direction === "up" ? locksSeen(row.locks, ownSchema) : undefined,
});

/** What the report says goes before what the history says; what only one of them knows is kept. */
function merged(report: Report, known: readonly MigrationAccount[]): MigrationAccount[] {
  const keyOf = ({ name, direction }: Pick<MigrationAccount, "name" | "direction">) => `${direction} ${name}`;
  const byKey = new Map(known.map((one) => [keyOf(one), one]));
  const reported = [
    ...report.reverted.map((one) => ({ ...one, direction: "down" as const })),
    ...report.applied.map((one) => ({ ...one, direction: "up" as const })),
  ];
  const keys = new Set(reported.map(keyOf));
  return [
    ...reported.map((one) => {
      const row = byKey.get(keyOf(one));
      return { ...row, ...one, locks: one.locks ?? row?.locks };
    }),
    ...known.filter((one) => !keys.has(keyOf(one))),
  ];
}

const SAID: Readonly<Record<string, string>> = {
  details: "lines of the error",
  schema: "changes of the schema",
  drift: "objects that other hands have changed",
};

const leftOutNotes = ({ leftOut = {} }: Report): string[] =>
  Object.entries(leftOut).map(([part, amount]) => `left out of the report: ${amount} ${SAID[part] ?? part}`);

function missing(row: RunRow | undefined, report: Report | undefined): string[] {
  if (row === undefined || report !== undefined) return [];
  if (row.reported) return ["the report of this run cannot be read; this is what its row and the history hold"];
  if (row.outcome !== "running")
    return [
      "the report of this run is not kept any more (history.reports.keep); this is what its row and the history hold",
    ];
  return row.alive
    ? ["this run is under way; this is what it has committed so far"]
    : ["this run never told its end: it was killed, or lost its connection for good; this is what it has committed"];
}

const releaseOf = (row: RunRow | undefined, report: Report | undefined): Account["release"] => {
  if (report?.release !== undefined) return report.release;
  if (row === undefined || row.release === null) return undefined;
  const { release: name, namespace, revision, chart, image } = row;
  return { name, namespace: namespace ?? "", revision: revision ?? 0, chart: chart ?? "", image: image ?? "" };
};

const durationOf = ({ startedAt, endedAt }: RunRow): number | undefined =>
  endedAt === null ? undefined : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));

const outcomeOf = (row: RunRow | undefined, report: Report | undefined): Account["outcome"] => {
  const told = report?.outcome ?? row?.outcome;
  return told === "done" || told === "stopped" || told === "running" ? told : "failed";
};

interface Known {
  readonly row?: RunRow | undefined;
  readonly report?: Report | undefined;
  readonly migrations?: readonly MigrationAccount[];
  readonly by?: string | undefined;
  readonly notes?: readonly string[];
}

/** Puts together what is known of a run. */
export function accountOf({ row, report, migrations = [], by, notes = [] }: Known): Account {
  return {
    run: row?.id,
    target: row?.target,
    command: row?.command ?? report?.command ?? "",
    outcome: outcomeOf(row, report),
    exitCode: report?.exitCode ?? row?.exitCode ?? undefined,
    startedAt: report?.startedAt || (row?.startedAt ?? ""),
    durationMs: report?.durationMs ?? (row === undefined ? undefined : durationOf(row)),
    agentVersion: row?.agentVersion ?? report?.agentVersion ?? "",
    planHash: row?.planHash ?? report?.planHash,
    release: releaseOf(row, report),
    by: row?.pod ?? row?.actor ?? by,
    migrations: merged(report ?? NO_REPORT, migrations),
    report: report ?? NO_REPORT,
    notes: [...missing(row, report), ...notes, ...leftOutNotes(report ?? NO_REPORT)],
  };
}

/** Names that are looked up beyond those that are the run's own, and migrations whose SQL is read. */
const LOOKED_UP = 1_000;
const WITH_SQL = 300;

const FLEET_NOTE =
  "a run over many schemas: SQL and locks stand with the run of each schema, headgate report --schema NAME";

/**
 * The account of a run from the database alone: the newest of this target without an id. Undefined when there is none.
 * `report` goes before the one that is stored.
 */
export async function readAccount(
  session: Session,
  names: Names,
  { id, report: told }: { readonly id?: string | undefined; readonly report?: Report } = {},
): Promise<Account | undefined> {
  const found = await readRun(session, names, id);
  if (found === undefined) return undefined;
  const { row } = found;
  const report = told ?? readReport(found.report);
  if (report?.fleet !== undefined) return accountOf({ row, report, notes: [FLEET_NOTE] });
  // Only what runs without a transaction can be a run's and have been begun by an earlier one.
  const elsewhere = (report?.applied ?? []).filter((one) => one.transaction !== true).slice(0, LOOKED_UP);
  const rows = await readRunMigrations(session, names, {
    id: row.id,
    target: row.target,
    names: elsewhere.map((one) => one.name),
    withSql: WITH_SQL,
  });
  const place = { run: row.id, ownSchema: names.schemaName };
  return accountOf({ row, report, migrations: rows.map((one) => fromHistory(one, place)) });
}

/** The account without secrets: with `clean` run over what people wrote. */
export const cleanAccount = (account: Account, clean: (text: string) => string): Account => ({
  ...account,
  report: cleanReport(account.report, clean),
  migrations: account.migrations.map(({ sql, ...one }) => ({
    ...one,
    sql: sql === undefined ? undefined : clean(withoutPasswords(sql)),
  })),
});
