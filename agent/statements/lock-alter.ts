import { asNode, list, type Node } from "../migrations/tree.ts";
import { tableOf } from "./alter.ts";
import type { Book, Reach } from "./lock-book.ts";
import type { ForeignKey, Relation } from "./lock-catalog.ts";
import { costOf } from "./lock-cost.ts";
import { anyOf, type LockMode, strongest, type Tri } from "./lock-modes.ts";

// What is not listed takes ACCESS EXCLUSIVE.
const WEAKER: Readonly<Record<string, LockMode>> = {
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE",
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_SetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_AttachPartition: "SHARE UPDATE EXCLUSIVE",
  AT_DetachPartitionFinalize: "SHARE UPDATE EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableAlwaysTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableReplicaTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE",
};

/** One command of an ALTER TABLE: `def` without its wrapper. */
export interface Command {
  readonly type: string;
  readonly name: string;
  readonly def: Node;
  readonly node: Node;
}

const commandsOf = ({ cmds }: Node): Command[] =>
  list(cmds).map((item) => {
    const node = asNode(item.AlterTableCmd);
    const [inner] = Object.values(asNode(node.def));
    return { type: String(node.subtype), name: String(node.name ?? ""), def: asNode(inner), node };
  });

const isForeign = ({ type, def }: Command): boolean => type === "AT_AddConstraint" && def.contype === "CONSTR_FOREIGN";

/** Options of a table that change what its queries see; the others are for storage and vacuum. */
const STRONG_OPTION = /^(user_catalog_table|security_barrier|security_invoker|check_option)$/;

function lockOfCommand(command: Command): LockMode {
  const { type, def } = command;
  if (isForeign(command)) return "SHARE ROW EXCLUSIVE";
  if (type === "AT_DetachPartition" && def.concurrent === true) return "SHARE UPDATE EXCLUSIVE";
  const options = list(def.items).map((item) => String(asNode(item.DefElem).defname));
  if (/RelOptions$/.test(type) && options.some((option) => STRONG_OPTION.test(option))) return "ACCESS EXCLUSIVE";
  return WEAKER[type] ?? "ACCESS EXCLUSIVE";
}

/** Commands that go down to every table that inherits, or is a partition. */
const GOES_DOWN =
  /^AT_(AddColumn|DropColumn|AlterColumnType|SetNotNull|DropNotNull|ValidateConstraint|DropConstraint|ColumnDefault|SetStatistics|SetStorage|SetCompression|SetExpression|DropExpression)$/;

function reachOf(command: Command, relation: Relation | undefined): Reach {
  const { type, def } = command;
  if (GOES_DOWN.test(type)) return "as written";
  if (type !== "AT_AddConstraint" || def.contype === "CONSTR_EXCLUSION") return "itself";
  const isRow = def.contype === "CONSTR_CHECK" || def.contype === "CONSTR_NOTNULL";
  return isRow || relation?.kind === "p" ? "as written" : "itself";
}

/** Until PostgreSQL 18 only the table itself is closed to readers while its partitions get their indexes. */
function lockBelow({ type, def }: Command, lock: LockMode, version: number): LockMode {
  const isUnique = type === "AT_AddConstraint" && def.contype === "CONSTR_UNIQUE";
  return isUnique && version < 180_000 ? "SHARE" : lock;
}

/** The table that a foreign key leads to, wherever the statement writes it. */
function referred(book: Book, constraints: readonly Node[]): void {
  for (const { pktable } of constraints) if (pktable !== undefined) book.take(pktable, "SHARE ROW EXCLUSIVE", "all");
}

const others = (relation: Relation, keys: readonly ForeignKey[]): string[] =>
  keys.flatMap(({ from, to }) => [from, to]).filter((name) => name !== relation.name);

function attach(book: Book, parent: Relation | undefined, { def }: Command): void {
  book.take(def.name, "ACCESS EXCLUSIVE", "all");
  if (parent?.defaultBelow !== undefined) book.also([parent.defaultBelow], "ACCESS EXCLUSIVE");
  const out = parent?.foreignKeys.filter(({ from }) => from === parent.name) ?? [];
  if (parent !== undefined) book.also(others(parent, out), "SHARE ROW EXCLUSIVE");
}

function detach(book: Book, parent: Relation | undefined, { def }: Command): void {
  const child = book.take(def.name, "ACCESS EXCLUSIVE", "all");
  if (def.concurrent === true) return;
  if (parent?.defaultBelow !== undefined) book.also([parent.defaultBelow], "ACCESS EXCLUSIVE");
  const out = child?.foreignKeys.filter(({ from }) => from === child.name) ?? [];
  if (child !== undefined) book.also(others(child, out), "SHARE ROW EXCLUSIVE");
}

/** Foreign keys of a column are made anew with its type, for the tables at both ends. */
function retyped(book: Book, relation: Relation | undefined, { name }: Command): void {
  const keys = relation?.foreignKeys.filter(
    ({ from, to, columns, toColumns }) =>
      (from === relation.name && columns.includes(name)) || (to === relation.name && toColumns.includes(name)),
  );
  if (relation !== undefined && keys !== undefined) book.also(others(relation, keys), "ACCESS EXCLUSIVE");
}

function dropped(book: Book, node: Node, { type, name }: Command): void {
  const { target } = tableOf(node.relation);
  const sort = type === "AT_DropColumn" ? "column" : "constraint";
  const { catalog } = book.world;
  if (catalog === undefined && sort === "constraint") book.more();
  book.also(catalog?.dropped({ sort, schema: target.schema, name: target.name, part: name }) ?? [], "ACCESS EXCLUSIVE");
}

function validated(book: Book, relation: Relation | undefined, { name }: Command): void {
  if (relation === undefined && book.world.catalog === undefined) book.more();
  if (relation?.valid.includes(name) === true) return;
  const key = relation?.foreignKeys.find((one) => one.name === name && one.from === relation.name);
  if (key !== undefined) book.also([key.to], "ROW SHARE");
}

interface Altered {
  readonly node: Node;
  readonly relation: Relation | undefined;
}

/** What one command locks beside its own table. */
function beside(book: Book, { node, relation }: Altered, command: Command): void {
  const { type, def } = command;
  referred(book, [def, ...list(def.constraints).map((item) => asNode(item.Constraint))]);
  if (type === "AT_AttachPartition") attach(book, relation, command);
  if (type === "AT_DetachPartition" || type === "AT_DetachPartitionFinalize") detach(book, relation, command);
  if (type === "AT_AlterColumnType") retyped(book, relation, command);
  if (type === "AT_DropColumn" || type === "AT_DropConstraint") dropped(book, node, command);
  if (type === "AT_ValidateConstraint") validated(book, relation, command);
  if (type === "AT_AddInherit") book.take(def, "SHARE UPDATE EXCLUSIVE");
  if (type === "AT_DropInherit") book.take(def, "ACCESS SHARE");
}

/** An index that becomes a part of another: the tables of both are opened. */
function attachIndex(book: Book, node: Node): void {
  for (const { type, def } of commandsOf(node)) {
    if (type !== "AT_AttachPartition") continue;
    for (const { target } of [tableOf(node.relation), tableOf(def.name)]) {
      const [table] = book.world.catalog?.relation(target.name, target.schema)?.indexed ?? [];
      if (table !== undefined) book.also([table], "ACCESS SHARE");
    }
  }
}

const ON_A_TABLE = new Set(["OBJECT_TABLE", "OBJECT_MATVIEW", "OBJECT_VIEW", "OBJECT_FOREIGN_TABLE"]);

/** Nothing at all happens to a table that is not there. */
const isMissing = ({ world, isNew }: Book, node: Node): boolean => {
  const { target } = tableOf(node.relation);
  const known = world.catalog?.relation(target.name, target.schema);
  return node.missing_ok === true && world.catalog !== undefined && known === undefined && !isNew(node.relation);
};

/** The locks of an ALTER TABLE, and whether it writes the table anew and reads it through. */
export function alterTable(book: Book, node: Node): { rewrites: Tri; scans: Tri } {
  if (node.objtype === "OBJECT_TYPE") book.more();
  if (node.objtype === "OBJECT_INDEX") attachIndex(book, node);
  if (!ON_A_TABLE.has(String(node.objtype)) || isMissing(book, node)) return { rewrites: false, scans: false };
  const commands = commandsOf(node);
  const lock = strongest(commands.map(lockOfCommand)) ?? "ACCESS EXCLUSIVE";
  const relation = book.take(node.relation, lock);
  const version = book.world.catalog?.version ?? Number.POSITIVE_INFINITY;
  for (const command of commands) {
    const isWritten = asNode(node.relation).inh === true;
    if (reachOf(command, relation) === "as written" && isWritten)
      book.also(relation?.below ?? [], lockBelow(command, lock, version));
    beside(book, { node, relation }, command);
  }
  if (book.isNew(node.relation)) return { rewrites: false, scans: false };
  const costs = commands.map((command) => costOf(book.world, { table: node.relation, relation, command }));
  return { rewrites: anyOf(costs.map((one) => one.rewrites)), scans: anyOf(costs.map((one) => one.scans)) };
}
