import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list } from "../migrations/tree.ts";
import type { DownEffect } from "../migrations/types.ts";
import { callsUnknown } from "./calls.ts";
import { movesSearchPath } from "./search-path.ts";
import { sqlName, withoutComments } from "./sql-name.ts";
import { madeBy, tableName, tiedBy } from "./ties.ts";
import { writesOf } from "./writes.ts";

type Effects = readonly DownEffect[];

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const LOSES_NOTHING = words(`CreateForeignTableStmt CreateSchemaStmt CreateSeqStmt CreateEnumStmt
CreateRangeStmt CompositeTypeStmt CreateDomainStmt CreateExtensionStmt CreateStatsStmt CreateRoleStmt CreateFdwStmt
CreateForeignServerStmt CreateUserMappingStmt CreateAmStmt CreatePLangStmt CreateCastStmt CreateConversionStmt
CreateOpClassStmt CreateOpFamilyStmt CreateTransformStmt CreateEventTrigStmt CreatePublicationStmt
CreatePolicyStmt CreateFunctionStmt DefineStmt ViewStmt IndexStmt CommentStmt SecLabelStmt GrantStmt GrantRoleStmt
AlterDefaultPrivilegesStmt AlterEnumStmt AlterSeqStmt AlterOwnerStmt AlterFunctionStmt AlterDomainStmt AlterPolicyStmt
AlterStatsStmt AlterRoleStmt AlterRoleSetStmt AlterDatabaseSetStmt AlterEventTrigStmt AlterPublicationStmt
AlterTableMoveAllStmt AlterObjectDependsStmt ReassignOwnedStmt DropRoleStmt DropUserMappingStmt VacuumStmt ReindexStmt
ClusterStmt RefreshMatViewStmt VariableSetStmt VariableShowStmt TransactionStmt LockStmt ConstraintsSetStmt NotifyStmt
ListenStmt UnlistenStmt CheckPointStmt DiscardStmt PrepareStmt DeallocateStmt`);

/** These hold no data, and take none with them in a CASCADE but what can be computed again. */
const HOLDS_NO_DATA = words(
  `OBJECT_INDEX OBJECT_TRIGGER OBJECT_POLICY OBJECT_RULE OBJECT_SEQUENCE OBJECT_STATISTIC_EXT`,
);

const ROUTINE = words("OBJECT_FUNCTION OBJECT_PROCEDURE OBJECT_ROUTINE OBJECT_AGGREGATE");
const TABLE_LIKE = words("OBJECT_TABLE OBJECT_VIEW OBJECT_MATVIEW OBJECT_FOREIGN_TABLE");
const LOSES_VALUES = words("AT_DropColumn AT_AlterColumnType");

/** A statement on one line, without the comments before it, at most 80 characters. */
function head(sql: string): string {
  const line = withoutComments(sql).replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= 80 ? line : `${characters.slice(0, 79).join("").trimEnd()}…`;
}

const unknown = ({ sql }: Statement): DownEffect => ({ kind: "unknown", what: head(sql) });

/** Columns and tables may hang on it: by its row type, in the key of a partition. */
const cascade = (type: string, one: unknown): DownEffect =>
  ROUTINE.has(type)
    ? { kind: "cascade", of: "function", name: tableName(asNode(asNode(one).ObjectWithArgs).objname) }
    : { kind: "cascade", of: "relation", name: tableName(one) };

function drop(statement: Statement): Effects {
  const { removeType, objects, behavior } = statement.node;
  const type = String(removeType);
  const tables = type === "OBJECT_TABLE" ? list(objects).map((one) => lostTable(one)) : [];
  if (behavior !== "DROP_CASCADE" || HOLDS_NO_DATA.has(type)) return tables;
  if (TABLE_LIKE.has(type) || ROUTINE.has(type)) return [...tables, ...list(objects).map((one) => cascade(type, one))];
  // Whatever depends on a type or a schema goes too: columns, tables.
  return [unknown(statement)];
}

const lostTable = (name: unknown): DownEffect => ({ kind: "table", table: tableName(name) });

function alterTable(statement: Statement): Effects {
  const { relation, cmds, objtype } = statement.node;
  const lossy = list(cmds)
    .map((item) => asNode(item.AlterTableCmd))
    .filter(({ subtype }) => LOSES_VALUES.has(String(subtype)));
  if (objtype === "OBJECT_TABLE") {
    const table = tableName(relation);
    return [
      ...tiedBy(statement),
      ...lossy.map(({ name }): DownEffect => ({ kind: "column", table, column: String(name) })),
    ];
  }
  // An attribute of a composite type: its values stand in columns that the statement does not name.
  return objtype === "OBJECT_TYPE" && lossy.length > 0 ? [unknown(statement)] : [];
}

function rename(statement: Statement): Effects {
  const { renameType, relationType, relation, subname, newname } = statement.node;
  // From here on every name in that schema would mean another one.
  if (renameType === "OBJECT_SCHEMA") return [unknown(statement)];
  if (renameType === "OBJECT_COLUMN" && TABLE_LIKE.has(String(relationType))) {
    return [{ kind: "rename", table: tableName(relation), to: String(newname), column: String(subname) }];
  }
  return TABLE_LIKE.has(String(renameType)) ? [renamed(relation, asNode(relation).schemaname, newname)] : [];
}

const renamed = (relation: unknown, schema: unknown, name: unknown): DownEffect => ({
  kind: "rename",
  table: tableName(relation),
  to: sqlName(String(name), asText(schema)),
});

function setSchema({ node: { objectType, relation, newschema } }: Statement): Effects {
  return TABLE_LIKE.has(String(objectType)) ? [renamed(relation, newschema, asNode(relation).relname)] : [];
}

function truncate(statement: Statement): Effects {
  const { relations, behavior } = statement.node;
  const rows = list(relations).map((one): DownEffect => ({ kind: "rows", table: tableName(one) }));
  // It empties every table that refers to these, even when these are empty.
  return behavior === "DROP_CASCADE" ? [...rows, unknown(statement)] : rows;
}

const written = (statement: Statement): Effects =>
  writesOf(statement).map(({ table, overwrites }) => ({ kind: overwrites ? "rows" : "adds", table: tableName(table) }));

const withUnknown = (statement: Statement, when: boolean): Effects => [
  ...written(statement),
  ...madeBy(statement),
  ...(when ? [unknown(statement)] : []),
];

const dml = (statement: Statement): Effects => withUnknown(statement, callsUnknown(statement));

/** What fills a materialized view only computes. */
const createAs = (statement: Statement): Effects =>
  withUnknown(
    statement,
    asNode(statement.node.query).ExecuteStmt !== undefined ||
      (statement.node.objtype !== "OBJECT_MATVIEW" && callsUnknown(statement)),
  );

function copy(statement: Statement): Effects {
  const { is_program: isProgram, is_from: isFrom, relation } = statement.node;
  const adds: Effects = isFrom === true ? [{ kind: "adds", table: tableName(relation) }] : [];
  return [...adds, ...withUnknown(statement, isProgram === true || callsUnknown(statement))];
}

const byKind: Readonly<Record<string, (statement: Statement) => Effects>> = {
  DropStmt: drop,
  AlterTableStmt: alterTable,
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  TruncateStmt: truncate,
  InsertStmt: dml,
  UpdateStmt: dml,
  DeleteStmt: dml,
  MergeStmt: dml,
  SelectStmt: dml,
  CreateTableAsStmt: createAs,
  CopyStmt: copy,
  CreateStmt: (statement) => [...madeBy(statement), ...tiedBy(statement)],
  CreateTrigStmt: tiedBy,
  RuleStmt: tiedBy,
};

const effectsOf = (statement: Statement): Effects =>
  LOSES_NOTHING.has(statement.kind) ? [] : (byKind[statement.kind]?.(statement) ?? [unknown(statement)]);

const nameOf = (effect: DownEffect): string | undefined => {
  if (effect.kind === "unknown") return undefined;
  return effect.kind === "cascade" ? effect.name : effect.table;
};

const LOOKED_UP_ANYWHERE = words("adds made tied");

const isBare = (effect: DownEffect): boolean =>
  nameOf(effect)
    ?.replace(/"([^"]|"")*"/g, "_")
    .includes(".") === false;

const namesNoSchema = (effect: DownEffect): boolean => !LOOKED_UP_ANYWHERE.has(effect.kind) && isBare(effect);

const anywhere = (effect: DownEffect): DownEffect =>
  effect.kind === "adds" && isBare(effect) ? { ...effect, anywhere: true } : effect;

/**
 * What a down script does to data, in the order of its statements; see `DownEffect`. None but `adds`, `made` and
 * `tied` when nothing can be lost by itself. After
 * a change of search_path a bare name can no longer be looked up by who judges the effects, so it becomes `unknown`.
 */
export function downEffectsOf(statements: readonly Statement[]): readonly DownEffect[] {
  const moved = statements.findIndex(movesSearchPath);
  return statements.flatMap((statement, index) => {
    const effects = effectsOf(statement);
    if (moved === -1 || index <= moved) return effects;
    return effects.some(namesNoSchema) ? [unknown(statement)] : effects.map(anywhere);
  });
}
