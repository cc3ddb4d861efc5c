import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, nameParts } from "../migrations/tree.ts";
import type { Client, Row } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";

/** `done`: it took effect; `absent`: it did not, and what it left is cleared away; `unknown`: nobody can tell. */
export interface Settled {
  readonly effect: "done" | "absent" | "unknown";
  /** For people. */
  readonly words: string;
}

interface Relation {
  readonly schema: string | undefined;
  readonly name: string;
}

function relationOf(value: unknown): Relation | undefined {
  const { schemaname, relname } = asNode(value);
  const name = asText(relname);
  return name === undefined ? undefined : { schema: asText(schemaname), name };
}

const qualified = ({ schema, name }: Relation): string =>
  schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;

const regclass = (relation: Relation): string => `to_regclass(${quoteLiteral(qualified(relation))})`;

interface ConcurrentIndex {
  readonly name: string;
  readonly table: Relation;
}

/** The index that a CREATE INDEX CONCURRENTLY names, or undefined for any other statement. */
function createdIndex({ kind, node: { idxname, concurrent, relation } }: Statement): ConcurrentIndex | undefined {
  const name = asText(idxname);
  const table = relationOf(relation);
  if (kind !== "IndexStmt" || concurrent !== true || name === undefined || table === undefined) return undefined;
  return { name, table };
}

const INVALID = "i.indisvalid AS valid, n.nspname AS schema, c.relname AS name";
const FROM_INDEX = `FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace`;

/** Without a lock_timeout: giving up would leave the debris there. */
async function dropIndex(client: Client, { schema, name }: Row): Promise<void> {
  await client.query("SET lock_timeout = 0");
  await client.query(
    `DROP INDEX CONCURRENTLY IF EXISTS ${quoteIdentifier(String(schema))}.${quoteIdentifier(String(name))}`,
  );
}

async function dropInvalid(client: Client, { name, table }: ConcurrentIndex): Promise<"valid" | "invalid" | "absent"> {
  const [row] = await client.query(
    `SELECT ${INVALID} ${FROM_INDEX} WHERE c.relname = ${quoteLiteral(name)} AND i.indrelid = ${regclass(table)}`,
  );
  if (row === undefined) return "absent";
  if (row.valid === true) return "valid";
  await dropIndex(client, row);
  return "invalid";
}

async function settleCreated(client: Client, index: ConcurrentIndex): Promise<Settled> {
  const state = await dropInvalid(client, index);
  if (state === "valid")
    return { effect: "done", words: `the index ${index.name} is there and valid, so it is adopted` };
  const words =
    state === "invalid" ? "was invalid and is dropped; it is built again" : "is not there; it is built again";
  return { effect: "absent", words: `the index ${index.name} ${words}` };
}

const droppedIndexes = ({ kind, node }: Statement): Relation[] | undefined => {
  if (kind !== "DropStmt" || node.concurrent !== true) return undefined;
  return list(node.objects).map((object) => {
    const parts = nameParts(object).map(String);
    return { schema: parts.at(-2), name: parts.at(-1) ?? "" };
  });
};

async function settleDropped(client: Client, indexes: readonly Relation[]): Promise<Settled> {
  const names = indexes.map(qualified).join(", ");
  const [row = {}] = await client.query(
    `SELECT ${indexes.map((index) => `${regclass(index)} IS NULL`).join(" AND ")} AS gone`,
  );
  return row.gone === true
    ? { effect: "done", words: `${names} is gone` }
    : { effect: "absent", words: `${names} is still there; it is dropped now` };
}

const isReindex = ({ kind }: Statement): boolean => kind === "ReindexStmt";

/** Copies that a REINDEX CONCURRENTLY left: only invalid ones bear these names for longer than it runs. */
async function clearReindexed(client: Client, { node }: Statement): Promise<void> {
  const relation = relationOf(node.relation);
  const within =
    relation === undefined
      ? "true"
      : `i.indrelid IN (${regclass(relation)}, (SELECT indrelid FROM pg_index WHERE indexrelid = ${regclass(relation)}))`;
  const rows = await client.query(
    `SELECT ${INVALID} ${FROM_INDEX} WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)\\d*$' AND n.nspname <> 'pg_toast' AND ${within}`,
  );
  for (const row of rows) await dropIndex(client, row);
}

interface Detachment {
  readonly parent: Relation;
  readonly child: Relation;
}

function detachment({ kind, node }: Statement): Detachment | undefined {
  const [command] = list(node.cmds).map((item) => asNode(item.AlterTableCmd));
  const partition = asNode(asNode(command?.def).PartitionCmd);
  const [parent, child] = [relationOf(node.relation), relationOf(partition.name)];
  if (kind !== "AlterTableStmt" || command?.subtype !== "AT_DetachPartition") return undefined;
  return parent === undefined || child === undefined ? undefined : { parent, child };
}

async function settleDetached(client: Client, { parent, child }: Detachment): Promise<Settled> {
  const [row] = await client.query(
    `SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhparent = ${regclass(parent)} AND inhrelid = ${regclass(child)}`,
  );
  const name = qualified(child);
  if (row === undefined) return { effect: "done", words: `${name} is detached` };
  if (row.pending !== true) return { effect: "absent", words: `${name} is still attached; it is detached now` };
  await client.query(`ALTER TABLE ${qualified(parent)} DETACH PARTITION ${name} FINALIZE`);
  return { effect: "done", words: `${name} was half detached; that is finished now` };
}

/** May be run any number of times. */
const REPEATABLE = ["VacuumStmt", "ClusterStmt", "AlterSystemStmt", "CheckPointStmt"];

/** Decides by the catalog about a statement that an earlier run may have finished, and clears away what it left. */
export async function settleByCatalog(client: Client, statement: Statement): Promise<Settled> {
  const created = createdIndex(statement);
  if (created !== undefined) return await settleCreated(client, created);
  const dropped = droppedIndexes(statement);
  if (dropped !== undefined) return await settleDropped(client, dropped);
  const detached = detachment(statement);
  if (detached !== undefined) return await settleDetached(client, detached);
  if (isReindex(statement)) await clearReindexed(client, statement);
  const again = isReindex(statement) || REPEATABLE.includes(statement.kind);
  return again ? { effect: "absent", words: "it is run again" } : { effect: "unknown", words: "" };
}

/** Removes what a failed statement left behind, if it is of a kind that leaves something. */
export async function clearDebris(client: Client, statement: Statement): Promise<void> {
  const created = createdIndex(statement);
  if (created !== undefined) await dropInvalid(client, created);
  if (isReindex(statement)) await clearReindexed(client, statement);
}

/** IF NOT EXISTS takes an invalid index of that name for one that is there. */
export async function clearBefore(client: Client, statement: Statement): Promise<void> {
  const created = createdIndex(statement);
  if (created !== undefined && statement.node.if_not_exists === true) await dropInvalid(client, created);
}
