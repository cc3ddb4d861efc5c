import type { Check } from "./check.ts";

/** What REINDEX CONCURRENTLY leaves behind when it is killed: copies that every write goes on filling. */
const SQL = `SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
 AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) ORDER BY 1 LIMIT 5`;

/** Half-built copies of indexes that a killed REINDEX CONCURRENTLY has left. */
export const leftovers: Check = {
  name: "leftovers",
  async run({ session }) {
    const names = (await session.query(SQL)).map((row) => String(row.name));
    if (names.length === 0) return undefined;
    return {
      severity: "warning",
      what: `left behind by a REINDEX CONCURRENTLY that was killed, and slowing every write: ${names.join(", ")}`,
      fix: names.map((name) => `DROP INDEX CONCURRENTLY ${name};`).join(" "),
    };
  },
};
