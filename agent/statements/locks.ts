import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import { callsUnknown } from "./calls.ts";
import { alterTable } from "./lock-alter.ts";
import { type Book, openBook, type World } from "./lock-book.ts";
import { alterDomain, comment, createIndex, createTable, createView, ownedBy } from "./lock-create.ts";
import { drop } from "./lock-drop.ts";
import { LOCK_MODES, type LockMode, type TableLock, type Tri } from "./lock-modes.ts";
import { queries } from "./lock-query.ts";

export { LOCK_MODES, type LockMode, strongest } from "./lock-modes.ts";

/** What a statement costs those who use the tables that are there. */
export interface LockFact {
  /** The strongest lock on a table, a view or a materialized view; null when none is taken, or none is known. */
  readonly lock: LockMode | null;
  /** What has that lock, as the statement names it; null when only the database knows. */
  readonly table: string | null;
  /** Whether a table is written anew; null when only the database could tell. */
  readonly rewrites: Tri;
  /** Whether every row of a table is read; null when only the database could tell. */
  readonly scans: Tri;
  /** All of them, the strongest first. */
  readonly locks: readonly TableLock[];
  /** False where there may be more, which only the database knows, or nobody before it runs. */
  readonly complete: boolean;
}

type Cost = Partial<Pick<LockFact, "rewrites" | "scans">>;
type Judge = (book: Book, node: Node) => Cost | undefined;

const NO_COST = { rewrites: false, scans: false } as const;
const WRITES = { rewrites: true, scans: true } as const;

/** True when an option such as FULL is given, and not switched off again. */
const asksFor = (options: unknown, name: string): boolean =>
  list(options)
    .map((item) => asNode(item.DefElem))
    .some((option) => option.defname === name && !/"(false|off)"|"Integer":\{\}/i.test(JSON.stringify(option)));

function vacuum(book: Book, node: Node): Cost {
  const full = asksFor(node.options, "full");
  const lock = full ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE";
  const tables = list(node.rels).map((item) => asNode(item.VacuumRelation).relation);
  for (const table of tables) book.take(table, lock, "all");
  if (tables.length === 0) book.somewhere(lock);
  return full ? WRITES : { rewrites: false, scans: null };
}

function reindex(book: Book, node: Node): Cost {
  const lock = asksFor(node.params, "concurrently") ? "SHARE UPDATE EXCLUSIVE" : "SHARE";
  if (node.kind === "REINDEX_OBJECT_TABLE") book.take(node.relation, lock, "all");
  else {
    const [name, schema] = nameParts(node.relation).toReversed();
    const index = node.relation === undefined ? undefined : book.world.catalog?.relation(String(name), asText(schema));
    if (index !== undefined) book.also(index.indexed, lock);
    else book.somewhere(lock);
  }
  return { rewrites: false, scans: true };
}

function truncate(book: Book, node: Node): Cost {
  const tables = list(node.relations).map((item) => item.RangeVar);
  const { catalog } = book.world;
  const isCascade = node.behavior === "DROP_CASCADE";
  for (const table of tables) {
    const found = book.take(table, "ACCESS EXCLUSIVE", "as written");
    if (isCascade) book.also(referring(found?.name, book), "ACCESS EXCLUSIVE");
  }
  if (isCascade && catalog === undefined) book.more();
  return { rewrites: book.locks().length > 0, scans: false };
}

/** Tables that refer to it, and those that refer to them. */
function referring(name: string | undefined, { world }: Book): string[] {
  const found = new Set<string>();
  const look = (table: string): void => {
    for (const { from, to } of world.catalog?.referring(table) ?? [])
      if (to === table && !found.has(from)) {
        found.add(from);
        look(from);
      }
  };
  if (name !== undefined) look(name);
  return [...found];
}

function cluster(book: Book, { relation }: Node): Cost {
  if (relation === undefined) book.somewhere("ACCESS EXCLUSIVE");
  else book.take(relation, "ACCESS EXCLUSIVE");
  return book.isNew(relation) ? NO_COST : WRITES;
}

function refresh(book: Book, { relation, concurrent, skipData }: Node): Cost {
  const found = book.take(relation, concurrent === true ? "EXCLUSIVE" : "ACCESS EXCLUSIVE");
  if (skipData !== true) book.also(found?.reads ?? [], "ACCESS SHARE");
  const isThere = !book.isNew(relation);
  return { rewrites: isThere && concurrent !== true, scans: isThere };
}

function lockTable(book: Book, node: Node): void {
  const lock = LOCK_MODES[Number(node.mode) - 1] ?? "ACCESS EXCLUSIVE";
  for (const { RangeVar: table } of list(node.relations)) {
    const found = book.take(table, lock, "as written");
    if (found?.kind === "v") book.also(found.reads, lock);
  }
}

/** RENAME of a column goes down to what inherits; that of an index leaves its table alone. */
function rename(book: Book, { relation, renameType: type }: Node): void {
  if (relation === undefined || type === "OBJECT_INDEX" || type === "OBJECT_SEQUENCE") return;
  book.take(
    relation,
    "ACCESS EXCLUSIVE",
    type === "OBJECT_COLUMN" || type === "OBJECT_TABCONSTRAINT" ? "as written" : "itself",
  );
}

function move(book: Book, { relation, objectType: type }: Node): void {
  if (relation !== undefined && type !== "OBJECT_SEQUENCE") book.take(relation, "ACCESS EXCLUSIVE");
}

function trigger(book: Book, { relation, constrrel, row }: Node): void {
  const isRow = row === true;
  book.take(relation, "SHARE ROW EXCLUSIVE", isRow ? "all" : "itself");
  if (constrrel !== undefined) book.take(constrrel, "ACCESS SHARE");
}

/** Rows of all: without WHERE they are all changed; who only reads may find them by an index. */
function query(book: Book, kind: string, node: Node): Cost {
  queries(book, { kind, node });
  if (callsUnknown({ kind, node, sql: "", line: undefined })) book.more();
  const isValues = kind === "InsertStmt" && asNode(asNode(node.selectStmt).SelectStmt).fromClause === undefined;
  const isEvery = (kind === "UpdateStmt" || kind === "DeleteStmt") && node.whereClause === undefined;
  if (isEvery) return { rewrites: false, scans: !book.isNew(node.relation) };
  return { rewrites: false, scans: isValues || book.locks().length === 0 ? false : null };
}

const asQuery =
  (kind: string): Judge =>
  (book, node) =>
    query(book, kind, node);

/** What it does is known when it has run. */
const opaque: Judge = (book) => {
  book.more();
  return { rewrites: null, scans: null };
};

function createFunction(book: Book, node: Node): void {
  queries(book, { kind: "CreateFunctionStmt", node });
  const isSql = /"defname":"language".{0,80}"sval":"sql"/i.test(JSON.stringify(node.options ?? null));
  // PostgreSQL looks at the tables of its text, which is a string for us.
  if (isSql && node.sql_body === undefined) book.more();
}

function publication(book: Book, node: Node): void {
  for (const item of list(node.pubobjects)) {
    const { relation } = asNode(asNode(item.PublicationObjSpec).pubtable);
    if (relation !== undefined && node.action !== "AP_DropObjects") book.take(relation, "SHARE UPDATE EXCLUSIVE");
  }
}

/** Since PostgreSQL 18 a table is opened for it. */
function grant(book: Book, node: Node): void {
  if (node.objtype !== "OBJECT_TABLE" || node.targtype !== "ACL_TARGET_OBJECT") return;
  if ((book.world.catalog?.version ?? 0) < 180_000) return;
  for (const { RangeVar: table } of list(node.objects)) book.take(table, "ACCESS SHARE");
}

function copy(book: Book, node: Node): Cost {
  if (node.relation === undefined) return query(book, "CopyStmt", node);
  book.take(node.relation, node.is_from === true ? "ROW EXCLUSIVE" : "ACCESS SHARE");
  return { rewrites: false, scans: node.is_from !== true };
}

/** It only locks. */
const only =
  (take: (book: Book, node: Node) => unknown): Judge =>
  (book, node) => {
    take(book, node);
    return undefined;
  };

/** It locks, and what its queries read. */
const both = (take: (book: Book, node: Node) => unknown, kind: string): Judge =>
  only((book, node) => {
    take(book, node);
    queries(book, { kind, node });
  });

const QUERIES =
  "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CreateTableAsStmt ExplainStmt PrepareStmt DeclareCursorStmt".split(
    " ",
  );

const byKind: Readonly<Record<string, Judge>> = {
  AlterTableStmt: alterTable,
  DropStmt: only(drop),
  IndexStmt: (book, node) => ({ rewrites: false, scans: createIndex(book, node) }),
  CreateTrigStmt: only(trigger),
  CreatePolicyStmt: both((book, { table }) => book.take(table, "ACCESS EXCLUSIVE"), "CreatePolicyStmt"),
  AlterPolicyStmt: both((book, { table }) => book.take(table, "ACCESS EXCLUSIVE"), "AlterPolicyStmt"),
  RuleStmt: both((book, { relation }) => book.take(relation, "ACCESS EXCLUSIVE"), "RuleStmt"),
  RenameStmt: only(rename),
  AlterObjectSchemaStmt: only(move),
  ...Object.fromEntries(QUERIES.map((kind) => [kind, asQuery(kind)])),
  ViewStmt: both(createView, "ViewStmt"),
  CreateFunctionStmt: only(createFunction),
  TruncateStmt: truncate,
  VacuumStmt: vacuum,
  ReindexStmt: reindex,
  CreateStatsStmt: only((book, node) =>
    list(node.relations).map(({ RangeVar: table }) => book.take(table, "SHARE UPDATE EXCLUSIVE")),
  ),
  CreateStmt: (book, node) => ({ rewrites: false, scans: createTable(book, node) }),
  ClusterStmt: cluster,
  LockStmt: only(lockTable),
  RefreshMatViewStmt: refresh,
  CommentStmt: only(comment),
  CreatePublicationStmt: only(publication),
  AlterPublicationStmt: only(publication),
  GrantStmt: only(grant),
  CopyStmt: copy,
  AlterDomainStmt: (book, node) => ({ rewrites: false, scans: alterDomain(book, node) }),
  CreateSeqStmt: only(ownedBy),
  AlterSeqStmt: only(ownedBy),
  DoStmt: opaque,
  CallStmt: opaque,
  ExecuteStmt: opaque,
};

/**
 * Locks on the tables that are there, and what happens to their rows. Asks no database itself: `world` holds what one has
 * said before.
 */
export function lockOf({ kind, node }: Statement, world: World = {}): LockFact {
  const book = openBook(world);
  const cost = { ...NO_COST, ...byKind[kind]?.(book, node) };
  const locks = book.locks();
  const unnamed = book.unnamed();
  const [first] = locks;
  return {
    lock: first?.lock ?? unnamed,
    table: first?.table ?? null,
    ...cost,
    locks,
    complete: book.complete(),
  };
}
