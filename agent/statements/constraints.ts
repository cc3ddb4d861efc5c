import type { Statement } from "../migrations/parser.ts";
import { anyBelow, asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import { actionsOf, type TableName, tableOf } from "./alter.ts";
import { sqlName } from "./sql-name.ts";

/** A constraint that a statement brings along, with a new table or column or by itself. */
export interface Brought {
  readonly table: TableName;
  readonly def: Node;
  /** Its columns, unquoted: of a foreign key those that refer, of a key those that it holds; else the column it stands at. */
  readonly columns: readonly string[];
  /** True when the column, or the whole table, comes with the same statement. */
  readonly isNew: boolean;
}

const columnsOf = ({ contype, fk_attrs, keys }: Node, column: string | undefined): readonly string[] => {
  if (column !== undefined) return [column];
  return nameParts((contype === "CONSTR_FOREIGN" ? fk_attrs : keys) ?? []).map(String);
};

function ofColumn(table: TableName, { colname, constraints }: Node): readonly Brought[] {
  const columns = [String(colname)];
  return list(constraints).map(({ Constraint }) => ({ table, def: asNode(Constraint), columns, isNew: true }));
}

function ofTable({ relation, tableElts }: Node): readonly Brought[] {
  const table = tableOf(relation);
  return list(tableElts).flatMap(({ ColumnDef, Constraint }) => {
    if (ColumnDef !== undefined) return ofColumn(table, asNode(ColumnDef));
    const def = asNode(Constraint);
    return Constraint === undefined ? [] : [{ table, def, columns: columnsOf(def, undefined), isNew: true }];
  });
}

/** The constraints of a CREATE TABLE or an ALTER TABLE; none for every other statement. */
export function constraintsOf(statement: Statement): readonly Brought[] {
  if (statement.kind === "CreateStmt") return ofTable(statement.node);
  return actionsOf(statement).flatMap(({ table, type, def }) => {
    if (type === "AT_AddColumn") return ofColumn(table, def);
    if (type !== "AT_AddConstraint") return [];
    return [{ table, def, columns: columnsOf(def, undefined), isNew: false }];
  });
}

/** The columns that an expression names, each once. */
function namedIn(expression: unknown): readonly string[] {
  const names = new Set<string>();
  anyBelow(expression, (kind, { fields }) => {
    if (kind === "ColumnRef" && fields !== undefined) names.add(String(nameParts(fields).at(-1)));
    return false;
  });
  return [...names];
}

const endings: Readonly<Record<string, (brought: Named) => readonly string[]>> = {
  CONSTR_PRIMARY: () => ["pkey"],
  CONSTR_FOREIGN: ({ columns }) => [...columns, "fkey"],
  CONSTR_NOTNULL: ({ columns }) => [...columns, "not_null"],
  CONSTR_UNIQUE: ({ columns }) => [...columns, "key"],
  CONSTR_CHECK: ({ def }) => {
    const columns = namedIn(def.raw_expr);
    return columns.length === 1 ? [...columns, "check"] : ["check"];
  },
};

type Named = Pick<Brought, "table" | "def" | "columns">;

/** Unquoted name of a constraint: its own, else the one that PostgreSQL makes up where that is free. */
export const constraintName = (brought: Named): string =>
  asText(brought.def.conname) ??
  [brought.table.bare, ...(endings[String(brought.def.contype)]?.(brought) ?? [])].join("_");

/** Unquoted name for what takes the place of an index or constraint, while that is still there: s_pkey, s_new_pkey. */
export const nextName = (name: string): string => name.replace(/(_[pf]?key\d*|_fk\d*)?$/, "_new$1");

/** A unique or primary key that is to be added, by its unquoted name. */
interface NewKey {
  readonly table: TableName;
  readonly name: string;
  readonly isPrimary: boolean;
}

/** Unquoted names of the constraints that statements drop, by their table as SQL writes it. */
export function constraintsDropped(statements: readonly Statement[]): ReadonlyMap<string, readonly string[]> {
  const drops = statements.flatMap(actionsOf).filter(({ type }) => type === "AT_DropConstraint");
  const byTable = Map.groupBy(drops, ({ table }) => table.sql);
  return new Map([...byTable].map(([table, actions]) => [table, actions.map(({ name }) => String(name))]));
}

/** Names as SQL writes them for a key whose index is built before; `drop` is the action that takes away the key it replaces. */
export function keyInSteps(
  { table, name, isPrimary }: NewKey,
  allDropped: ReturnType<typeof constraintsDropped>,
): { readonly index: string; readonly drop: string } {
  const dropped = allDropped.get(table.sql) ?? [];
  const replaced = dropped.find((one) => one === name) ?? dropped.find((one) => isPrimary && /_pkey\d*$/.test(one));
  return {
    index: sqlName(replaced === name ? nextName(name) : name),
    drop: replaced === undefined ? "" : `DROP CONSTRAINT ${sqlName(replaced)}, `,
  };
}
