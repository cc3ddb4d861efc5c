/** A kind of message, and what a fault at it can do. */
export interface MessageKind {
  readonly name: string;
  readonly pattern: RegExp;
  /** Nothing in the database or the session's locks depends on it. */
  readonly reads?: true;
  /** It goes out in one packet with the message before it, at which the same faults strike. */
  readonly rides?: true;
  /** The run lock is taken by it. */
  readonly locks?: true;
  /** A COMMIT is in it: its answer can be lost. */
  readonly commits?: true;
  /** It waits for a writer of sweep_items, so a fault can strike in the middle of it. */
  readonly waits?: true;
}

/**
 * Every message that the agent sends, recognised by its SQL; the first that fits counts. What fits none fails the
 * sweep, so a new message of the agent needs a line here. Migrations of the scenarios are known by the word `sweep_`.
 */
export const messages: readonly MessageKind[] = [
  {
    name: "flight-begin",
    pattern:
      /^BEGIN; (SET LOCAL synchronous_commit = off; )?SET LOCAL lock_timeout = [^;]*; SET LOCAL headgate\.flight/,
  },
  {
    name: "flight-record",
    pattern: /^SET LOCAL statement_timeout = 0;.*SET CONSTRAINTS ALL IMMEDIATE; COMMIT$/s,
    commits: true,
  },
  {
    name: "create-schema",
    pattern: /^BEGIN; SET LOCAL synchronous_commit.*CREATE TABLE IF NOT EXISTS/s,
    commits: true,
  },
  {
    name: "begin-run",
    pattern: /^BEGIN; (SET LOCAL synchronous_commit.*)?INSERT INTO "headgate"\.run /s,
    commits: true,
  },
  { name: "prepare-history", pattern: /^BEGIN; SET LOCAL synchronous_commit.*COMMIT$/s, commits: true },
  {
    name: "schema-begin",
    pattern: /^BEGIN( READ ONLY)?;( SET LOCAL [^;]*;)* SET LOCAL search_path = pg_catalog/,
    reads: true,
  },
  {
    name: "schema",
    pattern: /headgate_fingerprint( \(NULL, NULL\))?$|^SET LOCAL search_path = pg_catalog; WITH/,
    reads: true,
    rides: true,
  },
  { name: "keep-schema", pattern: /EXECUTE headgate_fingerprint \(\d+, '\w+'\)$/ },
  { name: "kept-schema", pattern: /^COMMIT$/, commits: true },
  { name: "known-objects", pattern: /^SELECT objects::text/, reads: true },
  { name: "drop-reports", pattern: /^UPDATE "headgate"\.run SET report = NULL/, commits: true, rides: true },
  { name: "end-run", pattern: /^UPDATE "headgate"\.run SET ended_at/, commits: true },
  { name: "intent", pattern: /^BEGIN; SELECT "headgate"\.guard\(.*COMMIT$/s, commits: true },
  { name: "step-begin", pattern: /^BEGIN; SET LOCAL lock_timeout = \d+; SELECT "headgate"\.guard\([^;]*$/ },
  {
    name: "step",
    pattern: /^(BEGIN; )?SET LOCAL SESSION AUTHORIZATION DEFAULT;.* SET step = \d+ .*COMMIT$/s,
    commits: true,
  },
  { name: "guard", pattern: /^SELECT "headgate"\.guard\([^;]*(; SET lock_timeout = \d+)?$/ },
  {
    name: "done",
    pattern: /^BEGIN; (UPDATE "headgate"\.history SET state = 'applied'|INSERT INTO "headgate"\.reverted).*COMMIT$/s,
    commits: true,
  },
  { name: "adopt-step", pattern: /^UPDATE "headgate"\.history SET step = \d+/, commits: true },
  { name: "needs-attention", pattern: /^UPDATE "headgate"\.history SET state = 'needs-attention'/, commits: true },
  { name: "paused", pattern: /^UPDATE "headgate"\.history SET paused = /, commits: true },
  {
    name: "forget",
    pattern: /^(DELETE FROM "headgate"\.history|UPDATE "headgate"\.history SET state = 'applied')/,
    commits: true,
  },
  { name: "drop-invalid", pattern: /^DROP INDEX CONCURRENTLY IF EXISTS "\w+"\."sweep_/, commits: true },
  { name: "index-state", pattern: /^SELECT i\.indisvalid AS valid/, reads: true },
  { name: "done-by", pattern: /^SELECT name, 'up' AS direction FROM/, reads: true },
  { name: "lock", pattern: /^SELECT [^;]*pg_(try_)?advisory_lock_shared\(/, locks: true },
  { name: "unlock", pattern: /pg_advisory_unlock|^SELECT 1$/ },
  { name: "lock-holders", pattern: /FROM pg_locks l JOIN pg_stat_activity/, reads: true },
  { name: "read-history", pattern: /^SELECT name, checksum, state/, reads: true },
  { name: "digest", pattern: /^SELECT meta\.schema_version AS version/, reads: true },
  { name: "read-mirror", pattern: /^SELECT name, run_on::text\b/, reads: true, rides: true },
  { name: "read-meta", pattern: /^SELECT schema_version, min_writer FROM/, reads: true, rides: true },
  { name: "read-downs", pattern: /^SELECT name, state, step, paused, phase, down_kind/, reads: true },
  { name: "is-there", pattern: /^SELECT (to_regclass\(|EXISTS \(SELECT FROM pg_attribute)/, reads: true },
  { name: "count-loss", pattern: /^BEGIN READ ONLY; SET LOCAL statement_timeout/, reads: true },
  { name: "other-targets", pattern: /^SELECT DISTINCT name FROM "headgate"\.history/, reads: true },
  { name: "session", pattern: /^SELECT set_config\(v\.name/, reads: true },
  { name: "restore", pattern: /^RESET SESSION AUTHORIZATION; RESET ROLE; RESET search_path$/, reads: true },
  { name: "reset", pattern: /^RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;/ },
  { name: "privileges", pattern: /^SELECT has_database_privilege\(/, reads: true, rides: true },
  { name: "traces", pattern: /^SELECT [^;]* AS "connections",/s, reads: true, rides: true },
  { name: "connections-left", pattern: /^SELECT current_setting\('max_connections'\)/, reads: true, rides: true },
  { name: "long-transactions", pattern: /^SELECT pid, application_name, usename/, reads: true, rides: true },
  { name: "prepared-transactions", pattern: /^SELECT gid, owner/, reads: true, rides: true },
  {
    name: "leftovers",
    pattern: /^SELECT i\.indexrelid::regclass::text AS name, 'index' AS kind FROM pg_index i JOIN/,
    reads: true,
    rides: true,
  },
  { name: "replication-lag", pattern: /^SELECT coalesce\(nullif\(r\.application_name/, reads: true, rides: true },
  { name: "lock-table-size", pattern: /^WITH RECURSIVE parent AS/, reads: true, rides: true },
  { name: "wraparound", pattern: /^SELECT d\.datname AS database, a\.what/, reads: true, rides: true },
  {
    name: "backup-rights",
    pattern:
      /^SELECT (c\.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n|rolcreatedb OR rolsuper|has_function_privilege\('pg_create_restore_point)/,
    reads: true,
    rides: true,
  },
  { name: "extensions", pattern: /^SELECT w\.name, i\.extversion AS installed/, reads: true },
  { name: "ownership", pattern: /^SELECT w\.at, held\.oid::regclass/, reads: true },
  {
    name: "invalid-indexes",
    pattern: /^SELECT (true AS found FROM pg_index|i\.indexrelid::regclass::text AS name)/,
    reads: true,
  },
  { name: "set-lock-timeout", pattern: /^SET lock_timeout = \d+$/ },
  { name: "rollback", pattern: /^ROLLBACK$/ },
  { name: "cancel", pattern: /^SELECT pg_cancel_backend\(/ },
  { name: "activity", pattern: /FROM pg_stat_activity/, reads: true },
  { name: "blockers", pattern: /pg_blocking_pids\(/, reads: true },
  { name: "statement", pattern: /^(CREATE|DROP) (UNIQUE )?INDEX CONCURRENTLY .*sweep_/is, commits: true, waits: true },
  { name: "file-on-items", pattern: /^(ALTER TABLE|CREATE INDEX \w+ ON) sweep_items /, waits: true },
  { name: "file", pattern: /sweep_/ },
];

/** The kind of a message, or undefined when the table above lacks it. */
export const kindOf = (sql: string): MessageKind | undefined =>
  messages.find(({ pattern }) => pattern.test(sql.trim()));
