import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import { isSerial } from "./add-column.ts";
import { type Action, actionsOf, tableOf } from "./alter.ts";
import { constraintName, constraintsOf } from "./constraints.ts";
import { indexColumns } from "./indexes.ts";
import { sqlName } from "./sql-name.ts";

const mark =
  (what: string) =>
  (...names: readonly string[]): string =>
    JSON.stringify([what, ...names]);

/** Marks of what a set says of its objects, and of what may be made good by a later statement. */
export const marks = {
  /** Table as SQL writes it, constraint unquoted. */
  validated: mark("validated"),
  foreignKey: mark("foreign key"),
  /** Table as SQL writes it, column unquoted: an index leads with it. */
  indexed: mark("indexed"),
  /** Table as SQL writes it, column unquoted: the set adds it to a table. */
  added: mark("added"),
  notNull: mark("not null"),
  /** Table as SQL writes it: rows of it were changed or deleted. */
  written: mark("written"),
  /** Table as SQL writes it. */
  partitioned: mark("partitioned"),
  /** Type as SQL writes it: a domain that does not take every value. */
  constrainedDomain: mark("constrained domain"),
  /** Table as SQL writes it: it has a primary or unique key; a CHECK that PostgreSQL trusts; a policy. */
  keyed: mark("keyed"),
  checked: mark("checked"),
  policed: mark("policed"),
} as const;

type Marks = readonly string[];

const FILLS_ITSELF = /^CONSTR_(NOTNULL|PRIMARY|IDENTITY)$/;
const IS_KEY = /^CONSTR_(PRIMARY|UNIQUE)$/;
const HAS_INDEX = /^CONSTR_(PRIMARY|UNIQUE|EXCLUSION)$/;

/** Type as SQL writes it. */
export const typeName = (value: unknown): string => {
  const [name, schema] = nameParts(value).toReversed();
  return sqlName(String(name), asText(schema));
};

function ofConstraints(statement: Statement): Marks {
  return constraintsOf(statement).flatMap((brought) => {
    const { table, def, columns } = brought;
    const [first] = columns;
    if (def.contype === "CONSTR_FOREIGN") return [marks.foreignKey(table.sql, constraintName(brought))];
    return HAS_INDEX.test(String(def.contype)) && first !== undefined ? [marks.indexed(table.sql, first)] : [];
  });
}

function ofNewColumn({ table: { sql }, def }: Action): Marks {
  const name = String(def.colname);
  const isFilled =
    isSerial(def) || list(def.constraints).some((item) => FILLS_ITSELF.test(String(asNode(item.Constraint).contype)));
  const isKey = list(def.constraints).some((item) => IS_KEY.test(String(asNode(item.Constraint).contype)));
  return [
    ...[marks.added(sql, name), ...(isFilled ? [marks.notNull(sql, name)] : [])],
    ...(isKey ? [marks.keyed(sql)] : []),
  ];
}

const byAction: Readonly<Record<string, (action: Action) => Marks>> = {
  AT_ValidateConstraint: ({ table, name }) => [marks.validated(table.sql, String(name)), marks.checked(table.sql)],
  AT_AddConstraint: ({ table, def }) => {
    if (IS_KEY.test(String(def.contype))) return [marks.keyed(table.sql)];
    return def.contype === "CONSTR_CHECK" && def.skip_validation !== true ? [marks.checked(table.sql)] : [];
  },
  AT_AddColumn: ofNewColumn,
  AT_SetNotNull: ({ table, name }) => [marks.notNull(table.sql, String(name))],
  AT_AttachPartition: ({ table }) => [marks.partitioned(table.sql)],
};

const isNotNull = (condition: unknown): boolean => asNode(asNode(condition).NullTest).nulltesttype === "IS_NOT_NULL";

function ofIndex(node: Node): Marks {
  const table = tableOf(node.relation);
  const columns = indexColumns(node);
  const [first] = columns;
  const isKey = node.unique === true && node.whereClause === undefined && !columns.includes(undefined);
  const serves = node.whereClause === undefined || isNotNull(node.whereClause);
  if (first === undefined || !serves || !/^(btree|hash)$/.test(String(node.accessMethod))) return [];
  return [marks.indexed(table.sql, first), ...(isKey ? [marks.keyed(table.sql)] : [])];
}

function ofTable(statement: Statement): Marks {
  const { relation, partspec, partbound, inhRelations } = statement.node;
  const parents = partbound === undefined ? [] : list(inhRelations).map(({ RangeVar }) => tableOf(RangeVar));
  const whole = partspec === undefined ? parents : [...parents, tableOf(relation)];
  return [...whole.map(({ sql }) => marks.partitioned(sql)), ...ofConstraints(statement)];
}

const written = ({ node }: Statement): Marks => [marks.written(tableOf(node.relation).sql)];

const isCondition = ({ Constraint }: Node): boolean =>
  /^CONSTR_(CHECK|NOTNULL)$/.test(String(asNode(Constraint).contype));

const byKind: Readonly<Record<string, (statement: Statement) => Marks>> = {
  AlterTableStmt: (statement) => [
    ...actionsOf(statement).flatMap((action) => byAction[action.type]?.(action) ?? []),
    ...ofConstraints(statement),
  ],
  IndexStmt: ({ node }) => ofIndex(node),
  CreatePolicyStmt: ({ node }) => [marks.policed(tableOf(node.table).sql)],
  CreateStmt: ofTable,
  CreateDomainStmt: ({ node }) =>
    list(node.constraints).some(isCondition) ? [marks.constrainedDomain(typeName(node.domainname))] : [],
  // C adds a constraint, O is SET NOT NULL.
  AlterDomainStmt: ({ node }) =>
    node.subtype === "C" || node.subtype === "O" ? [marks.constrainedDomain(typeName(node.typeName))] : [],
  UpdateStmt: written,
  DeleteStmt: written,
  MergeStmt: written,
};

/** What a statement says or makes good. */
export const settledBy = (statement: Statement): Marks => byKind[statement.kind]?.(statement) ?? [];
