import { anyBelow, asNode, asText, list, type Node } from "../migrations/tree.ts";
import type { Book } from "./lock-book.ts";
import type { ForeignKey, Relation } from "./lock-catalog.ts";
import type { LockMode } from "./lock-modes.ts";

/** The locks of triggers that are somebody's own are theirs; a partition is only chosen when the row is there. */
function read(book: Book, relation: Node, { lock, all }: { readonly lock: LockMode; readonly all: boolean }): void {
  const found = book.take(relation, lock, all ? "as written" : "itself");
  if (found === undefined) return;
  if (!all && found.below.length > 0) book.more();
  if (found.kind === "v") book.also(found.reads, lock);
}

const shared = (one: readonly string[], other: readonly string[]): boolean => one.some((name) => other.includes(name));

interface Change {
  readonly kind: string;
  readonly node: Node;
}

/** The columns that it writes; undefined for all of them. */
function written({ kind, node }: Change): readonly string[] | undefined {
  const targets = list(kind === "UpdateStmt" ? node.targetList : node.cols).map((item) =>
    String(asNode(item.ResTarget).name),
  );
  return targets.length === 0 ? undefined : targets;
}

/** A row that refers to another looks for it, and who takes a row away looks for those that refer to it. */
function checked(change: Change, relation: Relation, { columns, toColumns, from, to, acts }: ForeignKey) {
  const names = written(change);
  const touches = (of: readonly string[]) => names === undefined || shared(names, of);
  const out = from === relation.name && change.kind !== "DeleteStmt" && touches(columns);
  const back =
    to === relation.name && (change.kind === "DeleteStmt" || (change.kind === "UpdateStmt" && touches(toColumns)));
  return [
    ...(out ? [{ table: to, lock: "ROW SHARE" as const }] : []),
    ...(back ? [{ table: from, lock: acts ? ("ROW EXCLUSIVE" as const) : ("ROW SHARE" as const) }] : []),
  ];
}

function change(book: Book, one: Change, all: boolean): void {
  const { node, kind } = one;
  const relation = asNode(node.relation);
  read(book, relation, { lock: "ROW EXCLUSIVE", all: all && kind !== "InsertStmt" });
  const found = book.world.catalog?.relation(String(relation.relname), asText(relation.schemaname));
  if (found === undefined || book.isNew(relation)) return;
  // Which of its parts comes to a row is known when it runs.
  if (kind === "MergeStmt") book.more();
  for (const key of kind === "MergeStmt" ? [] : found.foreignKeys)
    for (const { table, lock } of checked(one, found, key)) book.also([table], lock);
  if (found.triggers || found.kind === "v") book.more();
}

/** The tables whose rows a SELECT … FOR UPDATE holds, by name or alias; undefined for all of its FROM. */
function heldRows(node: Node): readonly unknown[] | undefined {
  const clauses = list(node.lockingClause).map((item) => asNode(item.LockingClause));
  const named = clauses.flatMap(({ lockedRels }) => list(lockedRels).map((item) => asNode(item.RangeVar).relname));
  return named.length === 0 ? undefined : named;
}

function holdRows(book: Book, node: Node, own: ReadonlySet<unknown>): void {
  if (node.lockingClause === undefined) return;
  const names = heldRows(node);
  anyBelow(node.fromClause, (kind, relation) => {
    const called = asNode(relation.alias).aliasname ?? relation.relname;
    const isHeld = names === undefined || names.includes(called);
    if (kind === "RangeVar" && isHeld && !own.has(relation.relname))
      read(book, relation, { lock: "ROW SHARE", all: true });
    return false;
  });
}

/** All nodes but those of a locking clause: that names what stands in FROM, by its alias. */
function walk(value: unknown, visit: (kind: string, node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  else
    for (const [kind, child] of Object.entries(asNode(value))) {
      if (kind === "lockingClause") continue;
      visit(kind, asNode(child));
      walk(child, visit);
    }
}

const CHANGES = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);

const TOLD = new Set([...CHANGES, "SelectStmt", "RangeVar", "CommonTableExpr", "whereClause"]);

/** Locks of every query in a statement: what it reads and what it changes, in views, rules and WITH too. */
export function queries(book: Book, { kind: top, node: root }: Change): void {
  const parts: Change[] = [{ kind: top, node: root }];
  walk(root, (kind, node) => {
    if (TOLD.has(kind)) parts.push({ kind, node });
  });
  // Names that stand for a part of the query itself.
  const own = new Set(parts.filter(({ kind }) => kind === "CommonTableExpr").map(({ node }) => node.ctename));
  const all = !parts.some(({ kind }) => kind === "whereClause");
  for (const { kind, node } of parts) {
    if (CHANGES.has(kind)) change(book, { kind, node }, all);
    if (kind === "SelectStmt") holdRows(book, node, own);
    const isOwn = node.schemaname === undefined && own.has(node.relname);
    if (kind === "RangeVar" && !isOwn) read(book, node, { lock: "ACCESS SHARE", all });
  }
}
