import type { Row } from "../postgres/client.ts";
import type { Session } from "../postgres/session.ts";
import { type Catalog, type ForeignKey, keyOf, type Relation } from "../statements/lock-catalog.ts";
import type { Tri } from "../statements/lock-modes.ts";
import type { Questions } from "../statements/lock-questions.ts";
import { changesSql, domainsSql, droppedSql, foreignKeysSql, functionsSql, relationsSql } from "./forecast-sql.ts";
import { rewritesFor } from "./forecast-types.ts";

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.flat().filter(isText).map(String) : [];
const isText = (value: unknown): boolean => typeof value === "string";
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const nameKey = (name: unknown, schema: unknown): string => keyOf([name, schema ?? null]);

const toForeignKey = (row: Row): ForeignKey => ({
  name: String(row.name),
  from: String(row.from),
  to: String(row.to),
  columns: texts(row.columns),
  toColumns: texts(row.to_columns),
  acts: row.acts === true,
});

const toRelation = (row: Row, keys: readonly ForeignKey[]): Relation => ({
  name: String(row.name),
  kind: String(row.kind),
  unlogged: row.unlogged === true,
  below: texts(row.below),
  parent: text(row.parent),
  defaultBeside: text(row.default_beside),
  defaultBelow: text(row.default_below),
  reads: texts(row.reads),
  indexed: texts(row.indexed),
  foreignKeys: keys.filter(({ from, to }) => from === row.name || to === row.name),
  columns: texts(row.columns),
  filled: texts(row.filled),
  valid: texts(row.valid),
  triggers: row.triggers === true,
});

function volatility({ all_volatile: all, any_volatile: any }: Row): Tri {
  if (all === true) return true;
  return any === true ? null : false;
}

/** The rows of each question's query, all in one message; none for what nobody asks. */
async function answers(session: Session, questions: Questions): Promise<readonly (readonly Row[])[]> {
  const { relations, dropped, changes, functions, domains, cascades } = questions;
  const queries = [
    relations.length > 0 && relationsSql(relations),
    relations.length > 0 && foreignKeysSql(relations, cascades),
    dropped.length > 0 && droppedSql(dropped),
    changes.length > 0 && changesSql(changes),
    functions.length > 0 && functionsSql(functions),
    domains.length > 0 && domainsSql(domains),
  ];
  return await Promise.all(queries.map(async (sql) => (sql === false ? [] : await session.query(sql))));
}

/** Asks the catalogs, and waits for nobody's lock. */
export async function askCatalog(session: Session, questions: Questions): Promise<Catalog> {
  const [relations = [], keyRows = [], drops = [], changes = [], functions = [], domains = []] = await answers(
    session,
    questions,
  );
  const keys = keyRows.map(toForeignKey);
  const found = new Map(relations.map((row) => [nameKey(row.asked, row.schema), toRelation(row, keys)]));
  const droppedBy = Map.groupBy(drops, (row) => String(row.id));
  const gone = new Map(
    questions.dropped.map((what, id) => [
      keyOf(what),
      (droppedBy.get(String(id)) ?? []).map(({ name }) => String(name)),
    ]),
  );
  const changed = new Map(changes.map((row) => [Number(row.id), row]));
  const rewritten = new Map(
    questions.changes.map((change, id) => {
      const row = changed.get(id);
      return [keyOf(change), row === undefined ? null : rewritesFor(row, change.to.sizes)];
    }),
  );
  const volatile = new Map(functions.map((row) => [nameKey(row.name, row.schema), volatility(row)]));
  const users = Map.groupBy(domains, (row) => nameKey(row.name, row.schema));
  return {
    version: session.facts.version,
    relation: (name, schema) => found.get(nameKey(name, schema)),
    dropped: (what) => gone.get(keyOf(what)) ?? [],
    rewrites: (change) => rewritten.get(keyOf(change)) ?? null,
    isVolatile: (name, schema) => volatile.get(nameKey(name, schema)) ?? null,
    usersOf: (type, schema) => (users.get(nameKey(type, schema)) ?? []).map((row) => String(row.used_by)),
    referring: (table) => keys.filter(({ to }) => to === table),
  };
}
