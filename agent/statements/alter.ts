import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import type { Made } from "./made.ts";
import { sqlName } from "./sql-name.ts";
import { relationTarget, type Target } from "./targets.ts";

/** A table as a statement names it. */
export interface TableName {
  readonly target: Target;
  /** As SQL writes it. */
  readonly sql: string;
  /** Without its schema, unquoted: to build other names of. */
  readonly bare: string;
}

export function tableOf(relation: unknown): TableName {
  const [name, schema] = nameParts(relation).toReversed();
  const bare = String(name);
  return { target: relationTarget(relation), sql: sqlName(bare, asText(schema)), bare };
}

export const tableNamed = (target: Target): TableName => ({
  target,
  sql: sqlName(target.name, target.schema),
  bare: target.name,
});

/** One action of an ALTER TABLE. */
export interface Action {
  readonly table: TableName;
  /** AT_AddColumn and its like. */
  readonly type: string;
  /** The column or constraint that it names; undefined where it names none. */
  readonly name: string | undefined;
  /** What is added, without its wrapper: a ColumnDef, a Constraint, a PartitionCmd, a TypeName. */
  readonly def: Node;
}

/** The actions of an ALTER TABLE; none for every other statement. */
export function actionsOf({ kind, node }: Statement): readonly Action[] {
  if (kind !== "AlterTableStmt" || node.objtype !== "OBJECT_TABLE") return [];
  const table = tableOf(node.relation);
  return list(node.cmds).map((item) => {
    const { subtype, name, def } = asNode(item.AlterTableCmd);
    const [inner] = Object.values(asNode(def));
    return { table, type: String(subtype), name: asText(name), def: asNode(inner) };
  });
}

/** The actions of one type on tables that were there before: nobody uses a new one yet. */
export const actionsOn = (statement: Statement, made: Made, type: string): readonly Action[] =>
  actionsOf(statement).filter((action) => action.type === type && !made.has(action.table.target));

/** A constraint of these kinds that is added to such a table and has to hold for every row at once. */
export const constraintOn = (statement: Statement, made: Made, ...kinds: readonly string[]): Action | undefined =>
  actionsOn(statement, made, "AT_AddConstraint").find(
    ({ def }) => kinds.includes(String(def.contype)) && def.skip_validation !== true,
  );
