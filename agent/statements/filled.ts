import type { Statement } from "../migrations/parser.ts";
import { asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import { type Action, actionsOf } from "./alter.ts";
import { constraintName } from "./constraints.ts";

/** A constraint that refuses NULL in some columns, and whether PostgreSQL trusts it. */
interface Guard {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly valid: boolean;
}

/** What the statements so far have secured against NULL. */
export interface Filled {
  /** Names of the trusted constraints that keep NULL out of a column. Table as SQL writes it. */
  readonly by: (table: string, column: string) => readonly string[];
  readonly note: (statement: Statement) => void;
}

/** Columns that are not NULL wherever the condition holds. */
function namedIn(condition: unknown): readonly string[] {
  const { NullTest: test, BoolExpr: all } = asNode(condition);
  if (asNode(all).boolop === "AND_EXPR") return list(asNode(all).args).flatMap(namedIn);
  const { nulltesttype, arg } = asNode(test);
  const { fields } = asNode(asNode(arg).ColumnRef);
  return nulltesttype === "IS_NOT_NULL" && fields !== undefined ? [String(nameParts(fields).at(-1))] : [];
}

/** Columns in which an added constraint refuses NULL. */
export function filledBy({ contype, raw_expr, keys }: Node): readonly string[] {
  if (contype === "CONSTR_NOTNULL") return nameParts(keys).map(String);
  return contype === "CONSTR_CHECK" ? namedIn(raw_expr) : [];
}

/** The name of a constraint that a statement drops; undefined for every other action. */
export const droppedBy = ({ type, name }: Action): string | undefined =>
  type === "AT_DropConstraint" ? name : undefined;

export function trackFilled(): Filled {
  const guards = new Map<string, Guard>();
  const key = (table: string, name: string): string => JSON.stringify([table, name]);
  const act = (action: Action): void => {
    const table = action.table.sql;
    const { type, def } = action;
    const columns = type === "AT_AddConstraint" ? filledBy(def) : [];
    if (columns.length > 0) {
      const name = constraintName({ table: action.table, def, columns });
      guards.set(key(table, name), { table, name, columns, valid: def.skip_validation !== true });
    }
    const named = guards.get(key(table, action.name ?? ""));
    if (type === "AT_ValidateConstraint" && named !== undefined)
      guards.set(key(table, named.name), { ...named, valid: true });
  };
  return {
    by: (table, column) =>
      [...guards.values()]
        .filter((guard) => guard.valid && guard.table === table && guard.columns.includes(column))
        .map((guard) => guard.name),
    note(statement) {
      const actions = actionsOf(statement);
      // PostgreSQL too drops first, whatever the order in the text.
      for (const action of actions) guards.delete(key(action.table.sql, droppedBy(action) ?? ""));
      for (const action of actions) act(action);
    },
  };
}
