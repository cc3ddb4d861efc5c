import type { Statement } from "../migrations/parser.ts";
import { asText, nameParts } from "../migrations/tree.ts";
import { type Action, actionsOf, type TableName, tableOf } from "../statements/alter.ts";
import { indexColumns } from "../statements/indexes.ts";
import type { Made } from "../statements/made.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Found, Rule } from "./rule.ts";

/** What rows that are there have to keep to, from one statement to the next. */
interface Demand {
  readonly table: TableName;
  /** Unquoted. */
  readonly columns: readonly string[];
  readonly sort: "unique" | "unique with NULL" | "primary key" | "not null";
}

function ofAction({ table, type, name, def }: Action): readonly Demand[] {
  if (type === "AT_SetNotNull") return [{ table, columns: [String(name)], sort: "not null" }];
  if (type !== "AT_AddConstraint" || def.indexname !== undefined || def.without_overlaps === true) return [];
  const columns = nameParts(def.keys ?? []).map(String);
  if (def.contype === "CONSTR_PRIMARY") return [{ table, columns, sort: "primary key" }];
  const sort = def.nulls_not_distinct === true ? "unique with NULL" : "unique";
  return def.contype === "CONSTR_UNIQUE" ? [{ table, columns, sort }] : [];
}

/** A concurrent build that fails has kept nobody waiting. */
function ofIndex({ node }: Statement): readonly Demand[] {
  const columns = indexColumns(node).flatMap((column) => asText(column) ?? []);
  const isPlain = columns.length === indexColumns(node).length && node.whereClause === undefined;
  if (node.unique !== true || node.concurrent === true || !isPlain) return [];
  return [
    { table: tableOf(node.relation), columns, sort: node.nulls_not_distinct === true ? "unique with NULL" : "unique" },
  ];
}

function demandsOf(statement: Statement): readonly Demand[] {
  if (statement.kind === "IndexStmt") return ofIndex(statement);
  return statement.kind === "AlterTableStmt" ? actionsOf(statement).flatMap(ofAction) : [];
}

/** Silent where the set makes the rows or the column, or has put the rows right. */
function isOpen({ table, columns, sort }: Demand, { has, settled, filled }: Made): boolean {
  if (has(table.target) || settled(marks.written(table.sql))) return false;
  if (columns.some((column) => settled(marks.added(table.sql, column)))) return false;
  return sort !== "not null" || columns.every((column) => filled.by(table.sql, column).length === 0);
}

/** The query that finds the rows in the way. */
function queryOf({ table: { sql }, columns, sort }: Demand): string {
  const names = columns.map((column) => sqlName(column));
  const all = names.join(", ");
  const each = (test: string, word: string): string => names.map((name) => `${name} ${test}`).join(` ${word} `);
  const twice = `SELECT ${all}, count(*) FROM ${sql}`;
  if (sort === "not null") return `SELECT * FROM ${sql} WHERE ${each("IS NULL", "OR")}`;
  if (sort === "primary key") return `${twice} GROUP BY ${all} HAVING count(*) > 1 OR ${each("IS NULL", "OR")}`;
  const where = sort === "unique" ? ` WHERE ${each("IS NOT NULL", "AND")}` : "";
  return `${twice}${where} GROUP BY ${all} HAVING count(*) > 1`;
}

function foundOf(demand: Demand): Found {
  const columns = demand.columns.map((column) => sqlName(column)).join(", ");
  const { sql } = demand.table;
  const twice = `two rows of ${sql} have the same ${columns}`;
  const inTheWay: Readonly<Record<Demand["sort"], string>> = {
    "not null": `a row of ${sql} has NULL in ${columns}`,
    "primary key": `${twice}, or one has NULL there`,
    "unique with NULL": twice,
    unique: twice,
  };
  return {
    danger: `it fails, and the release with it, if ${inTheWay[demand.sort]}`,
    instead: `look for the rows in the way: ${queryOf(demand)}; and put them right in a file before this one`,
  };
}

/** A demand on rows that are there: whether it fails stands in the data. */
export const HG310: Rule = {
  id: "HG310",
  risk: "medium",
  acknowledgeable: true,
  check: (statement, { made }) =>
    demandsOf(statement)
      .filter((one) => isOpen(one, made))
      .map(foundOf),
};
