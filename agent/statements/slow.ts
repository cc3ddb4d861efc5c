import type { Statement } from "../migrations/parser.ts";
import { anyBelow, asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import { actionsOf, type TableName, tableOf } from "./alter.ts";
import { factOf } from "./held.ts";

type Tables = readonly TableName[];

/** A row that is asked for by one of these is one row. Not `order_id`: that many rows may share. */
const KEY = /^(id|key|code|slug|uuid|guid|name|username|login|email)$/;

const isConstant = (value: unknown): boolean => {
  const { A_Const: constant, TypeCast: cast, List: all } = asNode(value);
  if (all !== undefined) return list(asNode(all).items).every(isConstant);
  return constant !== undefined || (cast !== undefined && isConstant(asNode(cast).arg));
};

/** True for a WHERE that asks for single rows: `id = 5`, `code IN ('a', 'b')`. */
function picksRows(where: unknown): boolean {
  const { A_Expr: comparison, BoolExpr: all } = asNode(where);
  if (all !== undefined) return asNode(all).boolop === "AND_EXPR" && list(asNode(all).args).some(picksRows);
  const { kind, name, lexpr, rexpr } = asNode(comparison);
  if (!/^AEXPR_(OP|IN)$/.test(String(kind)) || nameParts(name).at(-1) !== "=") return false;
  const { fields } = asNode(asNode(lexpr).ColumnRef);
  return KEY.test(String(nameParts(fields).at(-1))) && isConstant(rexpr);
}

/** True where a condition leaves no row out: there is none, or `true`, or `1 = 1`. */
export function leavesNoneOut(where: unknown): boolean {
  if (where === undefined) return true;
  const { A_Const: constant, A_Expr: comparison } = asNode(where);
  if (asNode(asNode(constant).boolval).boolval === true) return true;
  const { name, lexpr, rexpr } = asNode(comparison);
  const [left, right] = [lexpr, rexpr].map((side) => {
    const { location: _location, ...value } = asNode(asNode(side).A_Const);
    return JSON.stringify(value);
  });
  return nameParts(name).at(-1) === "=" && left !== "{}" && left === right;
}

const isColumn = (value: unknown): boolean => asNode(value).ColumnRef !== undefined;

/** True for `a.x = b.y`, and several of them. */
function joins(where: unknown): boolean {
  const { A_Expr: comparison, BoolExpr: all } = asNode(where);
  if (all !== undefined) return asNode(all).boolop === "AND_EXPR" && list(asNode(all).args).every(joins);
  const { kind, name, lexpr, rexpr } = asNode(comparison);
  return kind === "AEXPR_OP" && nameParts(name).at(-1) === "=" && isColumn(lexpr) && isColumn(rexpr);
}

/** True for an UPDATE whose WHERE only joins whole tables: that leaves few rows out. A list of VALUES may be short. */
export function joinsOnly({ fromClause, whereClause, withClause }: Node): boolean {
  const from = list(fromClause);
  return (
    withClause === undefined &&
    from.length > 0 &&
    from.every((item) => item.RangeVar !== undefined) &&
    joins(whereClause)
  );
}

/** The tables that a query reads. */
function read(query: unknown): Tables {
  const tables: TableName[] = [];
  anyBelow(query, (kind, node) => {
    if (kind === "RangeVar") tables.push(tableOf(node));
    return false;
  });
  return tables;
}

const changed = (node: Node): Tables => (picksRows(node.whereClause) ? [] : [tableOf(node.relation)]);
const itself = (node: Node): Tables => (node.relation === undefined ? [] : [tableOf(node.relation)]);

/** Those that a WITH changes. */
function changedWithin(node: Node): Tables {
  const tables: TableName[] = [];
  anyBelow(node.withClause, (kind, part) => {
    if (/^(Update|Delete|Merge)Stmt$/.test(kind)) tables.push(...changed(part));
    return false;
  });
  return tables;
}

const byKind: Readonly<Record<string, (statement: Statement) => Tables>> = {
  UpdateStmt: ({ node }) => [...changed(node), ...changedWithin(node)],
  DeleteStmt: ({ node }) => [...changed(node), ...changedWithin(node)],
  MergeStmt: ({ node }) => itself(node),
  InsertStmt: ({ node }) => {
    const from = read(asNode(asNode(node.selectStmt).SelectStmt).fromClause);
    return from.length === 0 ? changedWithin(node) : [...from, ...itself(node)];
  },
  CreateTableAsStmt: ({ node }) => read(node.query),
  SelectStmt: ({ node }) => (node.intoClause === undefined ? changedWithin(node) : read(node.fromClause)),
  IndexStmt: ({ node }) => (node.concurrent === true ? [] : itself(node)),
  ReindexStmt: ({ node }) => itself(node),
  RefreshMatViewStmt: ({ node }) => itself(node),
  ClusterStmt: ({ node }) => itself(node),
  AlterTableStmt: (statement) => {
    const [action] = actionsOf(statement);
    const { rewrites, scans } = factOf(statement);
    return action !== undefined && (rewrites === true || scans === true) ? [action.table] : [];
  },
};

/** The tables whose rows a statement goes through, as far as its text tells; none for what is over at once. */
export const goesThrough = (statement: Statement): Tables => byKind[statement.kind]?.(statement) ?? [];

/** Those that are written row by row, and not only read. */
export function writesThrough({ kind, node }: Statement): Tables {
  if (kind === "MergeStmt") return itself(node);
  if (kind === "InsertStmt") {
    const from = read(asNode(asNode(node.selectStmt).SelectStmt).fromClause);
    return [...(from.length === 0 ? [] : itself(node)), ...changedWithin(node)];
  }
  const own = kind === "UpdateStmt" || kind === "DeleteStmt" ? changed(node) : [];
  return /^(Update|Delete|Select)Stmt$/.test(kind) ? [...own, ...changedWithin(node)] : [];
}
