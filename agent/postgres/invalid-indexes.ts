import type { Client } from "./client.ts";

// A build that is under way is invalid too, and nobody's fault.
const SQL = `SELECT i.indexrelid::regclass::text AS name FROM pg_index i
WHERE NOT i.indisvalid AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
  AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.indexrelid AND c.relkind = 'i')
ORDER BY 1`;

/** Names of the indexes that slow every write and serve no query. */
export async function invalidIndexes(client: Client): Promise<string[]> {
  // As a rule there is none, and the view is not worth the millisecond that a fresh session takes for it.
  if ((await client.query("SELECT true AS found FROM pg_index WHERE NOT indisvalid LIMIT 1")).length === 0) return [];
  return (await client.query(SQL)).map((row) => String(row.name));
}
