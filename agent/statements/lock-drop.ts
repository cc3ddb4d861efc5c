import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import type { Book } from "./lock-book.ts";
import type { Dropped, Relation } from "./lock-catalog.ts";

const SORTS: Readonly<Record<string, Dropped["sort"]>> = {
  OBJECT_TABLE: "relation",
  OBJECT_VIEW: "relation",
  OBJECT_MATVIEW: "relation",
  OBJECT_FOREIGN_TABLE: "relation",
  OBJECT_SEQUENCE: "relation",
  OBJECT_INDEX: "relation",
  OBJECT_TYPE: "type",
  OBJECT_DOMAIN: "type",
  OBJECT_SCHEMA: "schema",
  OBJECT_FUNCTION: "function",
  OBJECT_PROCEDURE: "function",
  OBJECT_ROUTINE: "function",
  OBJECT_STATISTIC_EXT: "statistics",
};

const TABLES = new Set(["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE"]);

/** The parts of a name in a DROP as a table that a statement would name. */
export function asRelation(parts: readonly unknown[]): Node {
  const [relname, schemaname] = parts.toReversed();
  return { relname, ...(schemaname === undefined ? {} : { schemaname }), inh: true };
}

/** What every DROP asks the catalog: one question an object. */
export function questionsOf({ removeType, objects }: Node): Dropped[] {
  const sort = SORTS[String(removeType)];
  if (sort === undefined) return [];
  return list(objects).map((item) => {
    const [name, schema] = nameParts(Object.values(item)[0]).toReversed();
    const own = sort === "schema" ? asNode(item.String).sval : name;
    return { sort, schema: sort === "schema" ? undefined : asText(schema), name: String(own) };
  });
}

/** A partition leaves its parent, whose default may then take its rows. */
function leave(book: Book, found: Relation | undefined): void {
  const near = [found?.parent, found?.defaultBeside].filter((name) => name !== undefined);
  if (found?.kind !== "v") book.also(near, "ACCESS EXCLUSIVE");
}

function dropIndex(book: Book, parts: readonly unknown[], concurrent: boolean): void {
  const lock = concurrent ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
  const [name, schema] = parts.toReversed();
  const { catalog } = book.world;
  const index = catalog?.relation(String(name), asText(schema));
  if (index !== undefined) book.also(index.indexed, lock);
  else if (!book.isNew(asRelation(parts))) book.somewhere(lock);
}

function dropTable(book: Book, parts: readonly unknown[], isOptional: boolean): void {
  const [name, schema] = parts.toReversed();
  const { catalog } = book.world;
  const isThere = catalog === undefined || catalog.relation(String(name), asText(schema)) !== undefined;
  if (isThere || !isOptional) leave(book, book.take(asRelation(parts), "ACCESS EXCLUSIVE", "all"));
}

/** What goes with it. */
function goesAlong(book: Book, node: Node): void {
  const { catalog } = book.world;
  const questions = questionsOf(node);
  const lock = node.removeType === "OBJECT_STATISTIC_EXT" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
  for (const question of questions) book.also(catalog?.dropped(question) ?? [], lock);
  if (catalog === undefined && questions.length > 0) book.more();
}

/** The locks of a DROP: on what it names, and on all that goes with it. */
export function drop(book: Book, node: Node): void {
  const type = String(node.removeType);
  for (const item of list(node.objects)) {
    const parts = nameParts(Object.values(item)[0]);
    if (type === "OBJECT_INDEX") dropIndex(book, parts, node.concurrent === true);
    if (TABLES.has(type)) dropTable(book, parts, node.missing_ok === true);
    if (/^OBJECT_(TRIGGER|POLICY|RULE)$/.test(type)) book.take(asRelation(parts.slice(0, -1)), "ACCESS EXCLUSIVE");
  }
  if (type !== "OBJECT_INDEX") goesAlong(book, node);
}
