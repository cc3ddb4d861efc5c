import type { Client } from "./client.ts";
import { quoteLiteral } from "./quote.ts";
import { sqlstateOf } from "./sqlstate.ts";

/** How big a table is, by the server's statistics. */
export interface TableSize {
  /** Null when statistics were never gathered. */
  readonly rows: number | null;
  /** With its indexes and what is stored out of line. */
  readonly bytes: number;
}

/** By the catalog alone: a function that opens the table would wait behind whoever has it locked. */
const sizeSql = (table: string): string => `
SELECT nullif(c.reltuples, -1)::float8 AS rows, (SELECT coalesce(sum(greatest(p.relpages, 0)), 0) FROM pg_class p
  WHERE p.oid = ANY (ARRAY[c.oid, c.reltoastrelid] || ARRAY(SELECT indexrelid FROM pg_index WHERE indrelid = c.oid)))::float8
  * current_setting('block_size')::float8 AS bytes
FROM pg_class c WHERE c.oid = to_regclass(${quoteLiteral(table)})`;

async function sizeOf(client: Client, table: string): Promise<TableSize | undefined> {
  try {
    const [row] = await client.query(sizeSql(table));
    return row && { rows: row.rows === null ? null : Number(row.rows), bytes: Number(row.bytes) };
  } catch (error) {
    // No right to use its schema.
    if (sqlstateOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Sizes by name as SQL writes it, in one message; undefined for a table that is not there or may not be looked at. */
export async function tableSizes(
  client: Client,
  tables: Iterable<string>,
): Promise<ReadonlyMap<string, TableSize | undefined>> {
  const sizes = new Map<string, TableSize | undefined>();
  await Promise.all([...new Set(tables)].map(async (table) => sizes.set(table, await sizeOf(client, table))));
  return sizes;
}
