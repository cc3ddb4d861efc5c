import type { Check } from "./check.ts";

/** Of the lock table, for one statement: others want their part, and a migration has more statements than one. */
const SHARE = 0.5;

/**
 * The tree of tables, by partition or inheritance, that takes the most locks, and the lock table. A statement on the
 * whole tree locks each table below, and when it reads or writes rows the indexes too; those are counted as the parent
 * has them. Measured for two indexes: ADD COLUMN 1, UPDATE 3, DROP 7 and a rewrite 14 locks a partition.
 */
const SQL = `WITH RECURSIVE parent AS (
 SELECT i.inhparent AS oid, count(*) * (1 + (SELECT count(*) FROM pg_index x WHERE x.indrelid = i.inhparent)) AS locks
 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent AND c.relkind IN ('r', 'p', 'f') GROUP BY i.inhparent),
middle AS (SELECT parent.*, i.inhparent FROM parent JOIN pg_inherits i ON i.inhrelid = parent.oid),
tree AS (SELECT oid AS root, oid, locks FROM parent WHERE oid NOT IN (SELECT oid FROM middle)
 UNION ALL SELECT tree.root, middle.oid, middle.locks FROM tree JOIN middle ON middle.inhparent = tree.oid)
SELECT root::regclass::text AS name, sum(locks)::int8 AS wanted, current_setting('max_locks_per_transaction')::int AS each,
 current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int AS sessions
FROM tree GROUP BY root ORDER BY sum(locks) DESC LIMIT 1`;

/** What a setting is raised to: steps that people use. */
const STEP = 64;

/** A table with so many partitions that a statement on all of them may use up the server's lock table. */
export const lockTableSize: Check = {
  name: "lock-table-size",
  when: "EXISTS (SELECT FROM pg_inherits)",
  async run({ session }) {
    const [row] = await session.query(SQL);
    if (row === undefined) return undefined;
    const [wanted, each, sessions] = [Number(row.wanted), Number(row.each), Number(row.sessions)];
    if (wanted <= each * sessions * SHARE) return undefined;
    const enough = Math.ceil(wanted / SHARE / sessions / STEP) * STEP;
    return {
      severity: "warning",
      what: `a statement on all partitions of ${row.name} takes ${wanted} locks, a DROP or a rewrite several times as many, and the server has room for about ${each * sessions} of all sessions together (max_locks_per_transaction is ${each}): it may fail with "out of shared memory", and others with it`,
      fix: `raise max_locks_per_transaction to ${enough}, which wants a restart of the server, or change a few partitions at a time`,
    };
  },
};
