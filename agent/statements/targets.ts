import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";

/** An object as a statement names it, comparable as text: what sort of thing, its schema if one is given, its name. */
export interface Target {
  readonly sort: "relation" | "type" | "function" | "schema";
  readonly schema: string | undefined;
  readonly name: string;
}

type Targets = readonly Target[];

/** The kinds of an ObjectType that a RENAME or DROP of a part of its target has, and not of the target itself. */
export const A_PART = /^OBJECT_(COLUMN|ATTRIBUTE|TABCONSTRAINT|DOMCONSTRAINT|TRIGGER|POLICY|RULE)$/;

function target(sort: Target["sort"], parts: readonly unknown[]): Target {
  const [name, schema] = parts.toReversed();
  return { sort, schema: asText(schema), name: String(name) };
}

const relation = (value: unknown): Target => target("relation", nameParts(value));
const type = (value: unknown): Target => target("type", nameParts(value));
const schema = (name: unknown): Target => target("schema", [name]);

const typeKey = (value: unknown): string =>
  `${nameParts(value).join(".")}${"[]".repeat(list(asNode(value).arrayBounds).length)}`;

/** The name with the types of its arguments: another overload is another function. */
const routine = (name: unknown, types: readonly unknown[]): Target => {
  const bare = target("function", nameParts(name));
  return { ...bare, name: `${bare.name}(${types.map(typeKey)})` };
};

const named = (value: unknown): Target => {
  const { objname, objargs, args_unspecified: bare } = asNode(value);
  const types = list(objargs).map((argument) => argument.TypeName);
  // Without its arguments it may be any of them.
  return bare === true ? target("function", nameParts(objname)) : routine(objname, types);
};

const created = ({ funcname, parameters }: Node): Target => {
  const ins = list(parameters)
    .map((parameter) => asNode(parameter.FunctionParameter))
    .filter(({ mode }) => mode !== "FUNC_PARAM_OUT" && mode !== "FUNC_PARAM_TABLE");
  return routine(
    funcname,
    ins.map(({ argType }) => argType),
  );
};

const RELATION = /^OBJECT_(TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE|COLUMN)$/;
const ON_A_TABLE = /^OBJECT_(TRIGGER|POLICY|RULE)$/;

/** An object of a DROP, REVOKE, OWNER TO, RENAME or SET SCHEMA; undefined for the sorts nobody asks about. */
function object(sort: unknown, value: unknown): Target | undefined {
  const of = String(sort);
  if (RELATION.test(of)) return relation(value);
  if (ON_A_TABLE.test(of)) return target("relation", nameParts(value).slice(0, -1));
  if (of === "OBJECT_TYPE" || of === "OBJECT_DOMAIN") return type(value);
  if (of === "OBJECT_SCHEMA") return schema(asNode(asNode(value).String).sval);
  return /^OBJECT_(FUNCTION|PROCEDURE|ROUTINE)$/.test(of) ? named(asNode(value).ObjectWithArgs) : undefined;
}

/** None at all when one of them is of a sort that nobody knows: then nothing can be said of all. */
const objects = (sort: unknown, values: readonly unknown[]): Targets => {
  const found = values.map((value) => object(sort, value));
  return found.filter((one) => one !== undefined).length === values.length ? found.flatMap((one) => one ?? []) : [];
};

const ofItsRelation = (node: Node): Targets => (node.relation === undefined ? [] : [relation(node.relation)]);

const renamed = (sort: unknown, node: Node): Targets => {
  if (node.relation !== undefined) return [relation(node.relation)];
  return sort === "OBJECT_SCHEMA" ? [schema(node.subname)] : objects(sort, [node.object]);
};

const granted = (node: Node): Targets =>
  node.targtype === "ACL_TARGET_ALL_IN_SCHEMA"
    ? objects("OBJECT_SCHEMA", list(node.objects))
    : objects(node.objtype, list(node.objects));

const changed: Readonly<Record<string, (node: Node) => Targets>> = {
  AlterTableStmt: ofItsRelation,
  IndexStmt: ofItsRelation,
  CreateTrigStmt: ofItsRelation,
  RuleStmt: ofItsRelation,
  CreatePolicyStmt: ({ table }) => [relation(table)],
  AlterPolicyStmt: ({ table }) => [relation(table)],
  AlterSeqStmt: ({ sequence }) => [relation(sequence)],
  ViewStmt: ({ view }) => [relation(view)],
  AlterEnumStmt: ({ typeName }) => [type(typeName)],
  AlterDomainStmt: ({ typeName }) => [type(typeName)],
  CreateFunctionStmt: (node) => [created(node)],
  AlterFunctionStmt: ({ func }) => [named(func)],
  RenameStmt: (node) => renamed(node.renameType, node),
  AlterObjectSchemaStmt: (node) => renamed(node.objectType, node),
  AlterOwnerStmt: ({ objectType, object: one }) => objects(objectType, [one]),
  DropStmt: (node) => objects(node.removeType, list(node.objects)),
  GrantStmt: granted,
  // CASCADE empties whatever refers to it as well.
  TruncateStmt: (node) => (node.behavior === "DROP_CASCADE" ? [] : list(node.relations).map(relation)),
};

/** What a statement changes, as far as a name in it tells; empty when it names nothing, or a thing of another sort. */
export const changedBy = ({ kind, node }: Statement): Targets => changed[kind]?.(node) ?? [];

const index = ({ idxname, relation: table }: Node): Targets =>
  typeof idxname === "string" ? [{ ...relation(table), name: idxname }] : [];

const into = (clause: unknown): Targets => {
  const { rel } = asNode(clause);
  return rel === undefined ? [] : [relation(rel)];
};

const makes: Readonly<Record<string, (node: Node) => Targets>> = {
  CreateStmt: ofItsRelation,
  CreateForeignTableStmt: ({ base }) => ofItsRelation(asNode(base)),
  CreateTableAsStmt: (node) => into(node.into),
  SelectStmt: ({ intoClause }) => into(intoClause),
  ViewStmt: ({ view }) => [relation(view)],
  CreateSeqStmt: ({ sequence }) => [relation(sequence)],
  IndexStmt: index,
  CreateEnumStmt: ({ typeName }) => [type(typeName)],
  CreateRangeStmt: ({ typeName }) => [type(typeName)],
  // DROP TYPE names it as a type, ALTER TYPE as a relation.
  CompositeTypeStmt: ({ typevar }) => [type(typevar), relation(typevar)],
  CreateDomainStmt: ({ domainname }) => [type(domainname)],
  CreateFunctionStmt: (node) => [created(node)],
  CreateSchemaStmt: ({ schemaname }) => (schemaname === undefined ? [] : [schema(schemaname)]),
};

const mayBeThere = (node: Node): boolean => node.if_not_exists === true || asNode(node.base).if_not_exists === true;

/** What a statement surely makes: with IF NOT EXISTS or OR REPLACE it may have been there before. */
export const madeBy = ({ kind, node }: Statement): Targets =>
  mayBeThere(node) || node.replace === true ? [] : (makes[kind]?.(node) ?? []);

/** What a statement makes IF NOT EXISTS. */
export const madeUnlessThere = ({ kind, node }: Statement): Targets =>
  mayBeThere(node) ? (makes[kind]?.(node) ?? []) : [];

export const relationTarget = relation;
