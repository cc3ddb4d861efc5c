import type { Statement } from "../migrations/parser.ts";
import { asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import { type Action, actionsOf } from "./alter.ts";
import type { Made } from "./made.ts";
import type { Rule } from "./rule.ts";
import { sqlName } from "./sql-name.ts";

/** A constraint that refuses NULL in some columns, and whether PostgreSQL trusts it. */
interface Guard {
  readonly table: string;
  readonly columns: readonly string[];
  readonly valid: boolean;
}

/** One set of migrations by its `made`, which lives as long: what its statements so far have secured. */
const guards = new WeakMap<Made, Map<string, Guard>>();

const key = ({ table }: Action, constraint: string): string => JSON.stringify([table.sql, constraint]);

/** Columns that are not NULL wherever the condition holds. */
function filled(condition: unknown): readonly string[] {
  const { NullTest: test, BoolExpr: all } = asNode(condition);
  if (asNode(all).boolop === "AND_EXPR") return list(asNode(all).args).flatMap(filled);
  const { nulltesttype, arg } = asNode(test);
  const { fields } = asNode(asNode(arg).ColumnRef);
  return nulltesttype === "IS_NOT_NULL" && fields !== undefined ? [String(nameParts(fields).at(-1))] : [];
}

const columnsOf = ({ contype, raw_expr, keys }: Node): readonly string[] =>
  contype === "CONSTR_NOTNULL" ? nameParts(keys).map(String) : contype === "CONSTR_CHECK" ? filled(raw_expr) : [];

const isDrop = ({ type }: Action): boolean => type === "AT_DropConstraint";

function note(action: Action, known: Map<string, Guard>): void {
  const { type, table, name = "", def } = action;
  if (type === "AT_AddConstraint") {
    const columns = columnsOf(def);
    const constraint = String(def.conname ?? `${table.bare}_${columns[0]}_check`);
    const valid = def.skip_validation !== true;
    if (columns.length > 0) known.set(key(action, constraint), { table: table.sql, columns, valid });
  }
  const guard = known.get(key(action, name));
  if (type === "AT_ValidateConstraint" && guard !== undefined) known.set(key(action, name), { ...guard, valid: true });
  if (isDrop(action)) known.delete(key(action, name));
}

/** The column of which every row has to be looked at; on PostgreSQL 18 also a constraint may say NOT NULL. */
function scanned({ type, name, def }: Action): string | undefined {
  if (type === "AT_SetNotNull") return name;
  const isAdded = type === "AT_AddConstraint" && def.contype === "CONSTR_NOTNULL" && def.skip_validation !== true;
  return isAdded ? columnsOf(def)[0] : undefined;
}

function firstScan(statement: Statement, made: Made): { readonly action: Action; readonly column: string } | undefined {
  const known = guards.get(made) ?? new Map<string, Guard>();
  guards.set(made, known);
  const actions = actionsOf(statement);
  // PostgreSQL too drops first, whatever the order in the text.
  for (const action of actions.filter(isDrop)) note(action, known);
  const found = actions.flatMap((action) => {
    const column = scanned(action);
    if (column === undefined || made.has(action.table.target)) return [];
    const isSecured = [...known.values()].some(
      (guard) => guard.valid && guard.table === action.table.sql && guard.columns.includes(column),
    );
    return isSecured ? [] : [{ action, column }];
  });
  for (const action of actions.filter((one) => !isDrop(one))) note(action, known);
  return found[0];
}

/** A column that is to be NOT NULL, which every row has to be looked at for. */
export const HG209: Rule = {
  id: "HG209",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const scan = firstScan(statement, made);
    if (scan === undefined) return undefined;
    const { table } = scan.action;
    const column = sqlName(scan.column);
    const name = sqlName(`${table.bare}_${scan.column}_not_null`);
    return {
      danger: `nobody can read or write ${table.sql} until every row is searched for a NULL in ${column} (ACCESS EXCLUSIVE lock)`,
      instead: `first ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID; in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}; after it this needs no search, and ALTER TABLE ${table.sql} DROP CONSTRAINT ${name}`,
    };
  },
};
