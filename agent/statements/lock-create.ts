import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import type { Book } from "./lock-book.ts";
import { typeName } from "./lock-cost.ts";
import { asRelation } from "./lock-drop.ts";
import type { LockMode } from "./lock-modes.ts";

const sameName = (one: unknown, other: unknown): boolean => nameParts(one).join() === nameParts(other).join();

/** Gives whether its default partition is read through. */
function belowParent(book: Book, parent: unknown, isPartition: boolean): boolean {
  const found = book.take(parent, isPartition ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE");
  if (!isPartition || found === undefined) return false;
  if (found.defaultBelow !== undefined) book.also([found.defaultBelow], "ACCESS EXCLUSIVE");
  const referred = found.foreignKeys.filter(({ from }) => from === found.name).map(({ to }) => to);
  book.also(referred, "SHARE ROW EXCLUSIVE");
  return found.defaultBelow !== undefined;
}

/** The new table is nobody's yet; its parent, what it refers to and what it copies are there. Gives whether one of them is read. */
export function createTable(book: Book, node: Node): boolean {
  const [name, schema] = nameParts(node.relation).toReversed();
  // With IF NOT EXISTS nothing is even looked at when it is there.
  if (node.if_not_exists === true && book.world.catalog?.relation(String(name), asText(schema)) !== undefined)
    return false;
  const isPartition = node.partbound !== undefined;
  const reads = list(node.inhRelations).map(({ RangeVar: parent }) => belowParent(book, parent, isPartition));
  const parts = list(node.tableElts).flatMap((part) => [part, ...list(asNode(part.ColumnDef).constraints)]);
  for (const part of parts) {
    const { pktable } = asNode(part.Constraint);
    if (pktable !== undefined && !sameName(pktable, node.relation)) book.take(pktable, "SHARE ROW EXCLUSIVE", "all");
    const { relation: like } = asNode(part.TableLikeClause);
    if (like !== undefined) book.take(like, "ACCESS SHARE");
  }
  return reads.includes(true);
}

/** Gives whether the table is read: not when the index is only that of the partitioned table itself. */
export function createIndex(book: Book, { relation, concurrent }: Node): boolean {
  book.take(relation, concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "SHARE", "as written");
  return asNode(relation).inh === true && !book.isNew(relation);
}

/** CREATE VIEW changes one that is there only with OR REPLACE. */
export function createView(book: Book, { view, replace }: Node): void {
  const [name, schema] = nameParts(view).toReversed();
  const { catalog } = book.world;
  if (replace !== true) return;
  if (catalog === undefined) book.more();
  else if (catalog.relation(String(name), asText(schema)) !== undefined) book.take(view, "ACCESS EXCLUSIVE");
}

const COMMENTED: Readonly<Record<string, { readonly lock: LockMode; readonly cut: number }>> = {
  OBJECT_TABLE: { lock: "SHARE UPDATE EXCLUSIVE", cut: 0 },
  OBJECT_VIEW: { lock: "SHARE UPDATE EXCLUSIVE", cut: 0 },
  OBJECT_MATVIEW: { lock: "SHARE UPDATE EXCLUSIVE", cut: 0 },
  OBJECT_COLUMN: { lock: "SHARE UPDATE EXCLUSIVE", cut: 1 },
  OBJECT_TABCONSTRAINT: { lock: "ACCESS SHARE", cut: 1 },
  OBJECT_TRIGGER: { lock: "ACCESS SHARE", cut: 1 },
  OBJECT_RULE: { lock: "ACCESS SHARE", cut: 1 },
  OBJECT_POLICY: { lock: "ACCESS SHARE", cut: 1 },
};

export function comment(book: Book, { objtype, object }: Node): void {
  const known = COMMENTED[String(objtype)];
  const parts = nameParts(object);
  if (known !== undefined) book.take(asRelation(parts.slice(0, parts.length - known.cut)), known.lock);
}

/** A rule of a domain is held against every value that is there, table by table; gives whether it is. */
export function alterDomain(book: Book, { subtype, typeName: name, def }: Node): boolean {
  const isRule = subtype === "O" || (subtype === "C" && asNode(asNode(def).Constraint).skip_validation !== true);
  if (!isRule && subtype !== "V") return false;
  const { catalog } = book.world;
  const type = typeName({ names: name });
  const isLight = subtype === "V" && (catalog?.version ?? 0) >= 180_000;
  if (catalog === undefined) book.somewhere("SHARE");
  book.also(catalog?.usersOf(type.name, type.schema) ?? [], isLight ? "SHARE UPDATE EXCLUSIVE" : "SHARE");
  return true;
}

/** A sequence that belongs to a column. */
export function ownedBy(book: Book, { options }: Node): void {
  for (const item of list(options)) {
    const { defname, arg } = asNode(item.DefElem);
    const parts = nameParts(asNode(arg).List);
    if (defname === "owned_by" && parts.length > 1) book.take(asRelation(parts.slice(0, -1)), "ACCESS SHARE");
  }
}
