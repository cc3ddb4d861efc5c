import type { Migration } from "../migrations/types.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Pod } from "../settings/release.ts";
import type { Bookkeeping } from "./bookkeeping.ts";
import { knownColumn } from "./fingerprints.ts";
import type { Names } from "./schema.ts";
import type { Signer } from "./sign.ts";
import type { EntryState } from "./state.ts";

/** What all rows of one run share. */
export interface Recorder {
  readonly names: Names;
  /** Id of the run's row. */
  readonly run: string;
  /** Signs the down SQL; undefined without a key. */
  readonly sign: Signer | undefined;
}

const COLUMNS = `target, name, checksum, phase, up_sql, down_sql, down_kind, down_transaction, down_effects, down_signature, run`;

function columnsOf({ names, run, sign }: Recorder, migration: Migration, upSql: string | null): string {
  const { name, checksum, phase, down, downKind, downTransaction, downEffects } = migration;
  const effects = downEffects === undefined ? null : JSON.stringify(downEffects);
  return [
    names.target,
    ...[name, checksum, phase, upSql, down ?? null, downKind, downTransaction, effects].map(quoteLiteral),
    quoteLiteral(down === undefined || sign === undefined ? null : sign({ name, down, transaction: downTransaction })),
    run,
  ].join(", ");
}

export const mirrorInsert = (names: Names, name: string): string =>
  `INSERT INTO ${names.pgmigrations} (name, run_on) VALUES (${quoteLiteral(name)}, pg_catalog.now())`;

/** One row: another target of this database may have a migration of the same name there. */
const mirrorDelete = (names: Names, name: string): string =>
  `DELETE FROM ${names.pgmigrations} WHERE id = (SELECT max(id) FROM ${names.pgmigrations} WHERE name = ${quoteLiteral(name)})`;

const rowOf = (names: Names, name: string): string => `target = ${names.target} AND name = ${quoteLiteral(name)}`;

/** Takes a migration out of the history, and keeps its row beside it. */
export const recordGone = ({ names, run }: Pick<Recorder, "names" | "run">, name: string): string =>
  `INSERT INTO ${names.reverted} (target, name, run, entry) SELECT target, name, ${run}, to_jsonb(h) FROM ${names.history} h WHERE ${rowOf(names, name)};
DELETE FROM ${names.history} WHERE ${rowOf(names, name)};
${mirrorDelete(names, name)}`;

const setState = (names: Names, name: string, assignments: string): string =>
  `UPDATE ${names.history} SET ${assignments} WHERE ${rowOf(names, name)}`;

export interface Applied {
  readonly migration: Migration;
  /** It may lock tables that it does not make itself. */
  readonly locksOthers: boolean;
}

/** How a migration that is applied gets its rows. */
export function booksOfUp(recorder: Recorder, { migration, locksOthers }: Applied): Bookkeeping {
  const { names } = recorder;
  const { name } = migration;
  // To look takes the server a fifth of the time of a small table: it goes through the locks of all sessions.
  const locks = locksOthers ? `${names.heldLocks}()` : "'[]'";
  const into = `INSERT INTO ${names.history} (${COLUMNS}`;
  return {
    record: (
      sql,
    ) => `${into}, state, locks, started_at, applied_at, duration_ms) VALUES (${columnsOf(recorder, migration, sql)}, 'applied', ${locks},
 pg_catalog.transaction_timestamp(), pg_catalog.clock_timestamp(),
 extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()) * 1000) RETURNING locks;
${mirrorInsert(names, name)}`,
    intend: (sql) => `${into}, state) VALUES (${columnsOf(recorder, migration, sql)}, 'running')`,
    finish: () => recordApplied(names, name),
    forget: () => `DELETE FROM ${names.history} WHERE ${rowOf(names, name)}`,
  };
}

/** How a migration that is taken back loses its row. */
export function booksOfDown(recorder: Pick<Recorder, "names" | "run">, name: string): Bookkeeping {
  const gone = () => recordGone(recorder, name);
  return {
    record: gone,
    intend: () => setState(recorder.names, name, "state = 'reverting', step = 0, paused = false"),
    finish: gone,
    forget: () => setState(recorder.names, name, "state = 'applied', step = 0, paused = false"),
  };
}

/** A migration that is there already, whoever made it: recorded as applied, with the file's SQL, and not run. */
export const recordBaseline = (recorder: Recorder, migration: Migration): string =>
  `INSERT INTO ${recorder.names.history} (${COLUMNS}, state, applied_at) VALUES (${columnsOf(recorder, migration, migration.up?.sql ?? null)}, 'applied', clock_timestamp());
${mirrorInsert(recorder.names, migration.name)}`;

/** What somebody finished by hand: a migration, or the undoing of its undoing, whose row in pgmigrations still stands. */
export const settleApplied = (names: Names, name: string, state: EntryState): string =>
  state === "reverting"
    ? setState(names, name, "state = 'applied', step = 0, paused = false")
    : recordApplied(names, name);

/** What somebody took back by hand. Before it was applied it had no row in pgmigrations. */
export const settlePending = (recorder: Pick<Recorder, "names" | "run">, name: string, state: EntryState): string =>
  state === "applied" || state === "reverting"
    ? recordGone(recorder, name)
    : `DELETE FROM ${recorder.names.history} WHERE ${rowOf(recorder.names, name)}`;

/** The file as it is now counts as what was applied. */
export const acceptEdit = (names: Names, name: string, checksum: string): string =>
  setState(names, name, `checksum = ${quoteLiteral(checksum)}`);

/** An unfinished row becomes applied. */
export const recordApplied = (names: Names, name: string): string =>
  `${setState(names, name, "state = 'applied', paused = false, applied_at = clock_timestamp(), duration_ms = extract(epoch FROM clock_timestamp() - started_at) * 1000")};
${mirrorInsert(names, name)}`;

export const recordStep = (names: Names, name: string, step: number): string => setState(names, name, `step = ${step}`);

export const recordNeedsAttention = (names: Names, name: string): string =>
  setState(names, name, "state = 'needs-attention'");

/** Stopped before the statement that comes next, of which nothing was done. */
export const recordPaused = (names: Names, name: string, paused: boolean): string =>
  setState(names, name, `paused = ${paused}`);

/** Names that one run has applied and taken back, as the database knows it, and a line for the run's own row. */
export const doneBy = (names: Names, run: string): string =>
  `SELECT name, 'up' AS direction FROM ${names.history} WHERE target = ${names.target} AND run = ${run} AND state = 'applied'
UNION ALL SELECT command, 'run' FROM ${names.run} WHERE id = ${run}
UNION ALL SELECT name, 'down' FROM ${names.reverted} WHERE target = ${names.target} AND run = ${run}`;

export interface RunIdentity {
  readonly command: string;
  readonly pod: Pod | undefined;
  /** Who sits at the desk; undefined in a pod. */
  readonly actor: string | undefined;
  readonly agentVersion: string;
  readonly planHash: string | undefined;
  /** Names of the newest migration before and after, of a run that goes back. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** How many seconds ago the first try of the same Job began; NULL at the desk. */
const jobAge = (names: Names, jobUid: string): string =>
  `(SELECT extract(epoch FROM clock_timestamp() - min(started_at))::float8 FROM ${names.run} r WHERE r.job_uid = ${jobUid}) AS job_age`;

/** Begins a run's row; gives its id, the server's time, and how many seconds ago the first try of the same Job began. */
export function beginRun(names: Names, who: RunIdentity): string {
  const release = who.pod?.release;
  const text = (value: string | undefined) => quoteLiteral(value === undefined || value === "" ? null : value);
  const jobUid = text(who.pod?.jobUid);
  return `INSERT INTO ${names.run} (target, command, plan_hash, from_name, to_name, actor, backend_pid, release, revision, namespace, pod, job_uid, image, chart, agent_version)
VALUES (${names.target}, ${quoteLiteral(who.command)}, ${text(who.planHash)}, ${text(who.from)}, ${text(who.to)}, ${text(who.actor)}, pg_catalog.pg_backend_pid(),
 ${text(release?.name)}, ${release?.revision ?? "NULL"}, ${text(who.pod?.namespace)}, ${text(who.pod?.name)}, ${jobUid}, ${text(release?.image)}, ${text(release?.chart)}, ${quoteLiteral(who.agentVersion)})
RETURNING id::text, clock_timestamp()::text AS now, ${jobAge(names, jobUid)}, ${knownColumn(names)}`;
}

/** A session that was lost, and how long ago, by now, its process began: an older row is another process's. */
export interface LostSession {
  readonly pid: number;
  readonly ageMs: number;
}

/** As `beginRun`, of the row that a lost session has begun without hearing of it; gives no row when it had not. */
export const adoptRun = (names: Names, { pid, ageMs }: LostSession): string =>
  `UPDATE ${names.run} AS mine SET backend_pid = pg_catalog.pg_backend_pid() WHERE target = ${names.target} AND outcome = 'running' AND backend_pid = ${pid}
 AND started_at > clock_timestamp() - interval '${Math.ceil(ageMs)} milliseconds'
RETURNING id::text, clock_timestamp()::text AS now, ${jobAge(names, "mine.job_uid")}, ${knownColumn(names)}`;

export const endRun = (
  names: Names,
  run: string,
  result: { outcome: string; exitCode: number; report: string },
): string =>
  `UPDATE ${names.run} SET ended_at = clock_timestamp(), outcome = ${quoteLiteral(result.outcome)}, exit_code = ${result.exitCode},
 report = ${quoteLiteral(result.report)}::jsonb WHERE id = ${run}`;
