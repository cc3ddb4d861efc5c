import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Settings } from "../settings/settings.ts";

/** Names of everything Headgate keeps in the database, quoted and ready for SQL text. */
export interface Names {
  readonly schema: string;
  readonly schemaName: string;
  readonly history: string;
  readonly run: string;
  readonly meta: string;
  /** Rows of migrations that were taken back. */
  readonly reverted: string;
  /** The schema as the last run left it. */
  readonly fingerprint: string;
  readonly guard: string;
  readonly settle: string;
  readonly heldLocks: string;
  readonly pgmigrations: string;
  readonly pgmigrationsName: { readonly schema: string; readonly table: string };
  /** No other target has its rows there. */
  readonly ownMirror: boolean;
  /** The target as a literal. */
  readonly target: string;
  /** Literal of the target that this schema has without the fleet, or, without one, would have in it. */
  readonly twin: string;
  /** Literals of the targets whose runs were runs of this one, too: a fleet's own, for each of its schemas. */
  readonly runTargets: string;
}

/** The target of one schema of a fleet. */
export const memberTarget = (fleet: string, schema: string): string => `${fleet}/${schema}`;

/** `fleet` is the target of the whole fleet, where the target is one schema of it. */
export function namesOf({ history, database }: Pick<Settings, "history" | "database">, fleet?: string): Names {
  const schema = quoteIdentifier(history.schema);
  const mirror = {
    schema: history.pgmigrations.schema || (database.searchPath[0] ?? "public"),
    table: history.pgmigrations.table,
  };
  return {
    schema,
    schemaName: history.schema,
    history: `${schema}.history`,
    run: `${schema}.run`,
    meta: `${schema}.meta`,
    reverted: `${schema}.reverted`,
    fingerprint: `${schema}.fingerprint`,
    guard: `${schema}.guard`,
    settle: `${schema}.settle`,
    heldLocks: `${schema}.held_locks`,
    pgmigrations: `${quoteIdentifier(mirror.schema)}.${quoteIdentifier(mirror.table)}`,
    pgmigrationsName: mirror,
    ownMirror: fleet !== undefined,
    target: quoteLiteral(history.target),
    twin: quoteLiteral(fleet ?? memberTarget(history.target, mirror.schema)),
    runTargets: [history.target, ...(fleet === undefined ? [] : [fleet])].map(quoteLiteral).join(", "),
  };
}

/** node-pg-migrate's own lock id. Held shared: it keeps that CLI out, and lets other targets of Headgate in. */
export const NODE_PG_MIGRATE_LOCK = 7241865325823964n;

/** First halves of the two-part advisory locks that last for one transaction. */
export const LOCK_CLASS = { flight: 1213679700, bootstrap: 1213679701 } as const;

/** The version of the tables below, and the oldest one whose agents may still write them. */
export const SCHEMA_VERSION = 3;
export const MIN_WRITER = 1;

/** What version 2 added: going back. */
const GROWN_IN_2 = (names: Names): string => `
ALTER TABLE ${names.history} ADD COLUMN IF NOT EXISTS down_transaction boolean,
  ADD COLUMN IF NOT EXISTS down_effects jsonb, ADD COLUMN IF NOT EXISTS down_signature text;
ALTER TABLE ${names.run} ADD COLUMN IF NOT EXISTS from_name text, ADD COLUMN IF NOT EXISTS to_name text,
  ADD COLUMN IF NOT EXISTS actor text, ADD COLUMN IF NOT EXISTS backend_pid integer;
CREATE TABLE IF NOT EXISTS ${names.reverted} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL,
  name text NOT NULL,
  reverted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  run bigint,
  entry jsonb NOT NULL
);`;

/** What version 3 added: the schema as a run left it. `objects` is [definition, what it belongs to] by the object's name. */
const GROWN_IN_3 = (names: Names): string => `
CREATE TABLE IF NOT EXISTS ${names.fingerprint} (
  target text PRIMARY KEY,
  run bigint,
  taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  whole boolean NOT NULL,
  form text NOT NULL,
  server integer NOT NULL,
  history text NOT NULL,
  hash text NOT NULL,
  objects jsonb NOT NULL
);
ALTER TABLE ${names.run} ADD COLUMN IF NOT EXISTS schema_hash text;`;

/**
 * Creates what is not there yet and changes nothing else: the schema only ever grows, so that an older agent goes on
 * working after a newer one was here.
 */
export const createSchemaSql = (names: Names): string => `
SELECT pg_advisory_xact_lock(${LOCK_CLASS.bootstrap}, hashtext(${quoteLiteral(names.schemaName)}));
DO $create$ BEGIN
  -- IF NOT EXISTS alone would ask for CREATE on the database even when the schema is there.
  IF to_regnamespace(${quoteLiteral(names.schema)}) IS NULL THEN CREATE SCHEMA ${names.schema}; END IF;
END $create$;
CREATE TABLE IF NOT EXISTS ${names.meta} (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  schema_version integer NOT NULL,
  min_writer integer NOT NULL
);
INSERT INTO ${names.meta} (schema_version, min_writer) VALUES (${SCHEMA_VERSION}, ${MIN_WRITER})
  ON CONFLICT (only_row) DO UPDATE SET schema_version = EXCLUDED.schema_version WHERE meta.schema_version < EXCLUDED.schema_version;
CREATE TABLE IF NOT EXISTS ${names.run} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL,
  command text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  outcome text NOT NULL DEFAULT 'running',
  exit_code integer,
  plan_hash text,
  release text, revision integer, namespace text, pod text, job_uid text, image text, chart text,
  agent_version text NOT NULL,
  report jsonb
);
CREATE INDEX IF NOT EXISTS run_job_uid ON ${names.run} (job_uid) WHERE job_uid IS NOT NULL;
CREATE TABLE IF NOT EXISTS ${names.history} (
  target text NOT NULL,
  name text NOT NULL,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  checksum text,
  state text NOT NULL CHECK (state IN ('running', 'applied', 'reverting', 'needs-attention')),
  step integer NOT NULL DEFAULT 0,
  paused boolean NOT NULL DEFAULT false,
  phase text NOT NULL DEFAULT 'unknown',
  up_sql text,
  down_sql text,
  down_kind text NOT NULL CHECK (down_kind IN ('stored', 'irreversible', 'dynamic', 'unknown')),
  locks jsonb,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_at timestamptz,
  duration_ms double precision,
  run bigint,
  PRIMARY KEY (target, name)
);
${GROWN_IN_2(names)}
${GROWN_IN_3(names)}
CREATE OR REPLACE FUNCTION ${names.guard}(
  lock_key bigint, target_name text, previous text, deadline timestamptz
) RETURNS void LANGUAGE plpgsql AS $guard$
BEGIN
  -- Taken again and again by its holder: it costs less than looking it up, and heals what pg_advisory_unlock_all() undid.
  IF NOT pg_catalog.pg_try_advisory_lock(lock_key)
    OR NOT pg_catalog.pg_try_advisory_lock_shared(${NODE_PG_MIGRATE_LOCK}) THEN
    RAISE EXCEPTION 'the run lock is held by another session' USING ERRCODE = 'HG001';
  END IF;
  IF previous IS NOT NULL AND NOT EXISTS (
    SELECT FROM ${names.history} h WHERE h.target = target_name AND h.name = previous AND h.state = 'applied'
  ) THEN
    RAISE EXCEPTION '% is not applied', previous USING ERRCODE = 'HG002';
  END IF;
  IF pg_catalog.clock_timestamp() > deadline THEN
    RAISE EXCEPTION 'the deadline is too near to begin another migration' USING ERRCODE = 'HG003';
  END IF;
END $guard$;
CREATE OR REPLACE FUNCTION ${names.settle}(flight text) RETURNS void LANGUAGE plpgsql AS $settle$
BEGIN
  IF pg_catalog.current_setting('headgate.flight', true) IS NOT DISTINCT FROM flight THEN RETURN; END IF;
  -- RESET ALL loses the setting and not the transaction, whose own lock tells them apart.
  IF EXISTS (
    SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.pid = pg_catalog.pg_backend_pid()
      AND l.classid = ${LOCK_CLASS.flight} AND l.objid = flight::oid AND l.objsubid = 2
  ) THEN
    RAISE EXCEPTION 'it resets all settings of the session, the limits of this run among them; reset yours by name'
      USING ERRCODE = 'HG005';
  END IF;
  RAISE EXCEPTION 'the transaction that began this migration has ended inside it' USING ERRCODE = 'HG004';
END $settle$;
-- Locks on tables that this transaction holds, for the record. A function, so that it is planned once a session.
CREATE OR REPLACE FUNCTION ${names.heldLocks}() RETURNS jsonb LANGUAGE plpgsql AS $locks$
BEGIN
  RETURN (
    SELECT jsonb_agg(DISTINCT jsonb_build_object('relation', l.relation::regclass::text, 'mode', l.mode))
    FROM pg_catalog.pg_locks l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
      AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
      AND EXISTS (
        SELECT FROM pg_catalog.pg_class c WHERE c.oid = l.relation AND c.relkind IN ('r', 'p', 'm')
          AND c.relnamespace <> 'pg_catalog'::regnamespace
      )
  );
END $locks$;`;

/** SQLSTATEs that these two functions raise. */
export const GUARD = {
  lockLost: "HG001",
  predecessorMissing: "HG002",
  deadline: "HG003",
  transactionEnded: "HG004",
  settingsReset: "HG005",
} as const;

/** node-pg-migrate's own definition, so that its CLI finds what it would have made. */
export const createMirrorSql = (names: Names): string => `
CREATE TABLE IF NOT EXISTS ${names.pgmigrations} (
  id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL
);`;
