import type { Migration } from "../migrations/types.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Pod } from "../settings/release.ts";
import type { Names } from "./schema.ts";

interface Recorded {
  readonly upSql: string;
  /** Id of the run's row. */
  readonly run: string;
}

const columnsOf = (names: Names, migration: Migration, { upSql, run }: Recorded): string =>
  [
    names.target,
    quoteLiteral(migration.name),
    quoteLiteral(migration.checksum),
    quoteLiteral(migration.phase),
    quoteLiteral(upSql),
    quoteLiteral(migration.down ?? null),
    quoteLiteral(migration.downKind),
    run,
  ].join(", ");

const COLUMNS = "target, name, checksum, phase, up_sql, down_sql, down_kind, run";

/** The rows of a migration that was applied in the transaction that is open: they commit with it or not at all. */
export const recordApplied = (names: Names, migration: Migration, recorded: Recorded): string =>
  `INSERT INTO ${names.history} (${COLUMNS}, state, locks, started_at, applied_at, duration_ms) VALUES (${columnsOf(names, migration, recorded)}, 'applied', ${names.heldLocks}(),
 pg_catalog.transaction_timestamp(), pg_catalog.clock_timestamp(),
 extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()) * 1000);
${mirrorInsert(names, migration.name)}`;

export const mirrorInsert = (names: Names, name: string): string =>
  `INSERT INTO ${names.pgmigrations} (name, run_on) VALUES (${quoteLiteral(name)}, pg_catalog.now())`;

/** The intent row of a migration without a transaction: committed before its first statement. */
export const recordIntent = (names: Names, migration: Migration, recorded: Recorded): string =>
  `INSERT INTO ${names.history} (${COLUMNS}, state) VALUES (${columnsOf(names, migration, recorded)}, 'running')`;

const rowOf = (names: Names, name: string): string => `target = ${names.target} AND name = ${quoteLiteral(name)}`;

export const recordStep = (names: Names, name: string, step: number): string =>
  `UPDATE ${names.history} SET step = ${step} WHERE ${rowOf(names, name)}`;

export const recordDone = (names: Names, name: string): string =>
  `UPDATE ${names.history} SET state = 'applied', applied_at = clock_timestamp(),
 duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000 WHERE ${rowOf(names, name)};
${mirrorInsert(names, name)}`;

export const recordNeedsAttention = (names: Names, name: string): string =>
  `UPDATE ${names.history} SET state = 'needs-attention' WHERE ${rowOf(names, name)}`;

/** Stopped on purpose: the statement that comes next has not begun. */
export const recordPaused = (names: Names, name: string, paused: boolean): string =>
  `UPDATE ${names.history} SET paused = ${paused} WHERE ${rowOf(names, name)}`;

/** Names that one run has applied, as the database knows it. */
export const appliedBy = (names: Names, run: string): string =>
  `SELECT name FROM ${names.history} WHERE target = ${names.target} AND run = ${run} AND state = 'applied'`;

export const forgetIntent = (names: Names, name: string): string =>
  `DELETE FROM ${names.history} WHERE ${rowOf(names, name)}`;

export interface RunIdentity {
  readonly command: string;
  readonly pod: Pod | undefined;
  readonly agentVersion: string;
  readonly planHash: string | undefined;
}

/** Begins a run's row; gives its id, the server's time, and how many seconds ago the first try of the same Job began. */
export function beginRun(names: Names, who: RunIdentity): string {
  const release = who.pod?.release;
  const text = (value: string | undefined) => quoteLiteral(value === undefined || value === "" ? null : value);
  const jobUid = text(who.pod?.jobUid);
  return `INSERT INTO ${names.run} (target, command, plan_hash, release, revision, namespace, pod, job_uid, image, chart, agent_version)
VALUES (${names.target}, ${quoteLiteral(who.command)}, ${text(who.planHash)}, ${text(release?.name)}, ${release?.revision ?? "NULL"},
 ${text(who.pod?.namespace)}, ${text(who.pod?.name)}, ${jobUid}, ${text(release?.image)}, ${text(release?.chart)}, ${quoteLiteral(who.agentVersion)})
RETURNING id::text, clock_timestamp()::text AS now, (SELECT extract(epoch FROM clock_timestamp() - min(started_at))::float8 FROM ${names.run} r WHERE r.job_uid = ${jobUid}) AS job_age`;
}

export const endRun = (
  names: Names,
  run: string,
  result: { outcome: string; exitCode: number; report: string },
): string =>
  `UPDATE ${names.run} SET ended_at = clock_timestamp(), outcome = ${quoteLiteral(result.outcome)}, exit_code = ${result.exitCode},
 report = ${quoteLiteral(result.report)}::jsonb WHERE id = ${run}`;
