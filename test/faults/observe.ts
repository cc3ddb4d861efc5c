import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "./lab.ts";

export interface HistoryRow {
  readonly name: string;
  readonly state: string;
  readonly step: number;
  /** Id of the run that wrote it. */
  readonly run: number | null;
}

export interface RunRow {
  readonly id: number;
  readonly outcome: string;
  readonly exit_code: number | null;
  /** JSON; null until the run has ended. */
  readonly report: string | null;
}

/** What one snapshot of a database holds. */
export interface Observation {
  /** How often each migration has marked itself. */
  readonly marks: ReadonlyMap<string, number>;
  /** Valid indexes of the scenarios. */
  readonly indexes: readonly string[];
  readonly invalid: readonly string[];
  readonly history: readonly HistoryRow[];
  /** What was taken back, and by which run. */
  readonly reverted: readonly { readonly name: string; readonly run: number | null }[];
  /** How often each name stands in pgmigrations. */
  readonly mirror: ReadonlyMap<string, number>;
  readonly runs: readonly RunRow[];
}

const MARKS =
  "(SELECT coalesce(json_object_agg(name, n), '{}') FROM (SELECT name, count(*) AS n FROM sweep_marks GROUP BY 1) m)";
const HISTORY =
  "(SELECT coalesce(json_agg(h), '[]') FROM (SELECT name, state, step, run FROM headgate.history ORDER BY sequence) h)";
const REVERTED = "(SELECT coalesce(json_agg(r), '[]') FROM (SELECT name, run FROM headgate.reverted) r)";
const MIRROR =
  "(SELECT coalesce(json_object_agg(name, n), '{}') FROM (SELECT name, count(*) AS n FROM pgmigrations GROUP BY 1) m)";
const RUNS =
  "(SELECT coalesce(json_agg(r), '[]') FROM (SELECT id, outcome, exit_code, report::text FROM headgate.run ORDER BY id) r)";
const indexes = (valid: boolean): string =>
  `(SELECT coalesce(json_agg(c.relname), '[]') FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indisvalid = ${valid} AND c.relname LIKE 'sweep%')`;

/** Tables of a scenario's first migration, and those that a first run makes. */
interface There {
  readonly marks: boolean;
  readonly history: boolean;
  readonly mirror: boolean;
}

const THERE = `json_build_object('marks', to_regclass('sweep_marks') IS NOT NULL, 'history', to_regclass('headgate.history') IS NOT NULL,
 'mirror', to_regclass('pgmigrations') IS NOT NULL) AS there`;

interface Snapshot {
  readonly there: There;
  readonly marks: Record<string, number>;
  readonly valid: string[];
  readonly invalid: string[];
  readonly history: HistoryRow[];
  readonly reverted: Observation["reverted"];
  readonly mirror: Record<string, number>;
  readonly runs: RunRow[];
}

const TRIES = 10;

/**
 * Reads all of it in one statement, so that it is of one moment. A COMMIT on its way may make a table that was not there when
 * that statement was written: then it is read again.
 */
async function snapshot(lab: Lab, database: string): Promise<Snapshot> {
  const [first] = await lab.sql<{ there: There }>(database, `SELECT ${THERE}`);
  let there = first?.there;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const [row] = await lab.sql<Snapshot>(
      database,
      `SELECT ${THERE}, ${there?.marks ? MARKS : "'{}'::json"} AS marks, ${indexes(true)} AS valid, ${indexes(false)} AS invalid,
 ${there?.history ? HISTORY : "'[]'::json"} AS history, ${there?.history ? RUNS : "'[]'::json"} AS runs,
 ${there?.history ? REVERTED : "'[]'::json"} AS reverted,
 ${there?.mirror ? MIRROR : "'{}'::json"} AS mirror`,
    );
    if (row === undefined) throw new Error("a SELECT without FROM gave no row");
    if (JSON.stringify(row.there) === JSON.stringify(there)) return row;
    there = row.there;
  }
  throw new Error(`the tables of ${database} come and go`);
}

export async function observe(lab: Lab, database: string): Promise<Observation> {
  const row = await snapshot(lab, database);
  return {
    marks: new Map(Object.entries(row.marks)),
    indexes: row.valid,
    invalid: row.invalid,
    history: row.history,
    reverted: row.reverted,
    mirror: new Map(Object.entries(row.mirror)),
    runs: row.runs,
  };
}

/** How long the server may take to notice that an agent is gone: client_connection_check_interval and one second. */
const NOTICE_MS = 3_000;

const LEFT = `SELECT 'backend ' || pid || ' of ' || application_name || ', ' || coalesce(state, '?') || ': ' || left(query, 100) AS what
FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'headgate%'
UNION ALL SELECT 'advisory lock ' || classid || '/' || objid || ' held by pid ' || pid FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT 'temporary object ' || relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'`;

/** Backends, locks and temporary tables that are still there when the server has had the time to notice. */
export async function leftovers(lab: Lab, database: string): Promise<string[]> {
  const end = performance.now() + NOTICE_MS;
  for (;;) {
    const rows = await lab.sql<{ what: string }>(database, LEFT);
    if (rows.length === 0 || performance.now() > end) return rows.map((row) => row.what);
    await sleep(50);
  }
}
