import { anyBelow, asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import { isSerial } from "./add-column.ts";
import { tableOf } from "./alter.ts";
import type { Command } from "./lock-alter.ts";
import type { World } from "./lock-book.ts";
import type { Relation, TypeName } from "./lock-catalog.ts";
import { anyOf, type Tri } from "./lock-modes.ts";
import { ONCE_A_ROW, ONCE_FOR_ALL } from "./volatility.ts";

/** What a command does to the rows that are there. */
interface Cost {
  readonly rewrites: Tri;
  readonly scans: Tri;
}

/** One command of an ALTER TABLE with its table. */
interface Ordered {
  readonly table: unknown;
  readonly relation: Relation | undefined;
  readonly command: Command;
}

const NOTHING: Cost = { rewrites: false, scans: false };
const READS: Cost = { rewrites: false, scans: true };
const WRITES: Cost = { rewrites: true, scans: true };
const NOBODY_KNOWS: Cost = { rewrites: null, scans: null };
const UNSEEN: Cost = { rewrites: false, scans: null };

const costOfRewriting = (rewrites: Tri): Cost => ({ rewrites, scans: rewrites });

function isVolatile({ catalog }: World, { funcname }: Node): Tri {
  const [name, schema] = nameParts(funcname).toReversed();
  const known = catalog?.isVolatile(String(name), asText(schema));
  if (known !== undefined && known !== null) return known;
  if (ONCE_A_ROW.has(String(name))) return true;
  return ONCE_FOR_ALL.has(String(name)) ? false : null;
}

function hasVolatile(world: World, expression: unknown): Tri {
  const answers: Tri[] = [];
  anyBelow({ expression }, (kind, node) => {
    if (kind === "FuncCall") answers.push(isVolatile(world, node));
    return false;
  });
  return anyOf(answers);
}

/** A type as the tree has it. */
export function typeName(node: unknown): TypeName {
  const { typmods, arrayBounds } = asNode(node);
  const [name, schema] = nameParts(node).toReversed();
  const sizes = list(typmods).map((item) => Number(asNode(asNode(item.A_Const).ival).ival ?? 0));
  return { schema: asText(schema), name: String(name), array: arrayBounds !== undefined, sizes };
}

const constraintsOf = (column: Node): readonly Node[] =>
  list(column.constraints).map((item) => asNode(item.Constraint));

const STANDARD =
  /^(bool|int[248]|float[48]|numeric|text|varchar|bpchar|char|bytea|uuid|date|time|timetz|timestamp|timestamptz|interval|json|jsonb|inet|cidr)$/;

/** A domain with a rule of its own makes PostgreSQL compute a value for every row. */
function domainRewrites({ catalog, made }: World, table: unknown, type: unknown): Tri {
  const to = typeName(type);
  const { target } = tableOf(table);
  if (to.array || STANDARD.test(to.name)) return false;
  // Whether it is a domain, what it asks for: only the type of a set's own making is not in the catalog.
  if (made?.has({ sort: "type", schema: to.schema, name: to.name }) === true) return null;
  return catalog?.rewrites({ schema: target.schema, table: target.name, column: undefined, to }) ?? false;
}

function constraintRewrites(world: World, { contype, generated_kind: kind, raw_expr: value }: Node): Tri {
  if (contype === "CONSTR_IDENTITY") return true;
  if (contype === "CONSTR_GENERATED") return kind !== "v";
  return contype === "CONSTR_DEFAULT" ? hasVolatile(world, value) : false;
}

/** Values that have to be held against every row: NOT NULL without a value of its own, too, fails on the first. */
const READ_FOR = new Set(["CONSTR_CHECK", "CONSTR_UNIQUE", "CONSTR_PRIMARY"]);

function readsFor(constraints: readonly Node[]): boolean {
  const types = constraints.map(({ contype }) => contype);
  const isFilled = types.some((type) => type === "CONSTR_DEFAULT" || type === "CONSTR_GENERATED");
  return types.some((type) => READ_FOR.has(String(type))) || (types.includes("CONSTR_NOTNULL") && !isFilled);
}

function addColumn(world: World, { table, relation, command: { def, node } }: Ordered): Cost {
  if (node.missing_ok === true && relation?.columns.includes(String(def.colname)) === true) return NOTHING;
  if (isSerial(def)) return WRITES;
  const constraints = constraintsOf(def);
  const rewrites = anyOf([
    ...constraints.map((one) => constraintRewrites(world, one)),
    domainRewrites(world, table, def.typeName),
  ]);
  return { rewrites, scans: anyOf([rewrites, readsFor(constraints)]) };
}

/** A USING that only names the column, or casts it to what it becomes, changes nothing about the way. */
function isPlain(using: unknown, column: string, type: unknown): boolean {
  if (using === undefined) return true;
  const { ColumnRef: reference, TypeCast: cast } = asNode(using);
  const { arg, typeName: to } = asNode(cast);
  if (arg !== undefined) {
    const same = JSON.stringify(typeName(to)) === JSON.stringify(typeName(type));
    return same && isPlain(arg, column, type) && asNode(arg).ColumnRef !== undefined;
  }
  return nameParts(asNode(reference).fields).at(-1) === column;
}

function alterType({ catalog }: World, { table, command: { name, def } }: Ordered): Cost {
  if (!isPlain(def.raw_default, name, def.typeName)) return WRITES;
  const { target } = tableOf(table);
  const to = typeName(def.typeName);
  const rewrites = catalog?.rewrites({ schema: target.schema, table: target.name, column: name, to }) ?? null;
  return costOfRewriting(rewrites);
}

function setNotNull({ catalog, made }: World, { table, relation, command: { name } }: Ordered): Cost {
  const secured = made?.filled.by(tableOf(table).sql, name) ?? [];
  if (secured.length > 0 || relation?.filled.includes(name) === true) return NOTHING;
  return catalog === undefined ? UNSEEN : READS;
}

function addConstraint(world: World, ordered: Ordered): Cost {
  const { def } = ordered.command;
  if (def.skip_validation === true || def.is_enforced === false) return NOTHING;
  if (def.contype === "CONSTR_NOTNULL") {
    const [name] = nameParts(def.keys);
    return setNotNull(world, { ...ordered, command: { ...ordered.command, name: String(name) } });
  }
  // A primary key makes its columns NOT NULL, and reads them through where they are not.
  if (def.indexname !== undefined) return def.contype === "CONSTR_PRIMARY" ? UNSEEN : NOTHING;
  return READS;
}

function validate({ relation, command: { name } }: Ordered): Cost {
  return relation?.valid.includes(name) === true ? NOTHING : READS;
}

/** Nothing is written anew for what it is already. */
const persistence = (wanted: boolean, { relation }: Ordered): Cost =>
  relation !== undefined && relation.unlogged === wanted ? NOTHING : WRITES;

const byType: Readonly<Record<string, (world: World, ordered: Ordered) => Cost>> = {
  AT_AddColumn: addColumn,
  AT_AlterColumnType: alterType,
  AT_SetNotNull: setNotNull,
  AT_AddConstraint: addConstraint,
  AT_ValidateConstraint: (_, ordered) => validate(ordered),
  AT_SetLogged: (_, ordered) => persistence(false, ordered),
  AT_SetUnLogged: (_, ordered) => persistence(true, ordered),
  // Where it lies already, and how, stands in the catalog, and is not asked for.
  AT_SetTableSpace: () => NOBODY_KNOWS,
  AT_SetAccessMethod: () => NOBODY_KNOWS,
  AT_SetExpression: () => NOBODY_KNOWS,
  // The partition, and the default beside it, are read unless a CHECK says what they hold.
  AT_AttachPartition: () => UNSEEN,
};

export const costOf = (world: World, ordered: Ordered): Cost =>
  byType[ordered.command.type]?.(world, ordered) ?? NOTHING;
