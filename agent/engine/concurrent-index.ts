import type { Statement } from "../migrations/parser.ts";
import type { Client } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";

interface IndexName {
  readonly name: string;
  /** The table's schema when the statement names it: an index lives where its table does. */
  readonly schema: string | undefined;
  readonly table: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** The index that a CREATE INDEX CONCURRENTLY names, or undefined for any other statement. */
export function describeConcurrentIndex({ kind, node }: Statement): IndexName | undefined {
  const name = text(node.idxname);
  if (kind !== "IndexStmt" || node.concurrent !== true || name === undefined) return undefined;
  const relation = typeof node.relation === "object" && node.relation !== null ? node.relation : {};
  const table = text(Reflect.get(relation, "relname"));
  return table === undefined ? undefined : { name, schema: text(Reflect.get(relation, "schemaname")), table };
}

const qualified = ({ schema, table }: IndexName): string =>
  schema === undefined ? quoteIdentifier(table) : `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;

const stateSql = (index: IndexName): string =>
  `SELECT i.indisvalid AS valid, n.nspname AS schema FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = ${quoteLiteral(index.name)} AND i.indrelid = to_regclass(${quoteLiteral(qualified(index))})`;

export async function indexState(client: Client, index: IndexName): Promise<"valid" | "invalid" | "absent"> {
  const [row] = await client.query(stateSql(index));
  if (row === undefined) return "absent";
  return row.valid === true ? "valid" : "invalid";
}

/** Drops the invalid index that a failed or killed build of this statement left, if it did. */
export async function dropInvalid(client: Client, statement: Statement): Promise<void> {
  const index = describeConcurrentIndex(statement);
  if (index === undefined) return;
  const [row] = await client.query(stateSql(index));
  if (row === undefined || row.valid === true) return;
  await client.query("SET lock_timeout = 0");
  await client.query(`DROP INDEX CONCURRENTLY ${quoteIdentifier(String(row.schema))}.${quoteIdentifier(index.name)}`);
}
