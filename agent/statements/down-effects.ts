import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, nameParts } from "../migrations/tree.ts";
import type { DownEffect } from "../migrations/types.ts";
import { callsUnknown } from "./calls.ts";
import { movesSearchPath } from "./search-path.ts";
import { sqlName, withoutComments } from "./sql-name.ts";
import { writesOf } from "./writes.ts";

type Effects = readonly DownEffect[];

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const LOSES_NOTHING = words(`CreateStmt CreateForeignTableStmt CreateSchemaStmt CreateSeqStmt CreateEnumStmt
CreateRangeStmt CompositeTypeStmt CreateDomainStmt CreateExtensionStmt CreateStatsStmt CreateRoleStmt CreateFdwStmt
CreateForeignServerStmt CreateUserMappingStmt CreateAmStmt CreatePLangStmt CreateCastStmt CreateConversionStmt
CreateOpClassStmt CreateOpFamilyStmt CreateTransformStmt CreateEventTrigStmt CreatePublicationStmt CreateTrigStmt
CreatePolicyStmt CreateFunctionStmt DefineStmt ViewStmt RuleStmt IndexStmt CommentStmt SecLabelStmt GrantStmt GrantRoleStmt
AlterDefaultPrivilegesStmt AlterEnumStmt AlterSeqStmt AlterOwnerStmt AlterFunctionStmt AlterDomainStmt AlterPolicyStmt
AlterStatsStmt AlterRoleStmt AlterRoleSetStmt AlterDatabaseSetStmt AlterEventTrigStmt AlterPublicationStmt
AlterTableMoveAllStmt AlterObjectDependsStmt ReassignOwnedStmt DropRoleStmt DropUserMappingStmt VacuumStmt ReindexStmt
ClusterStmt RefreshMatViewStmt VariableSetStmt VariableShowStmt TransactionStmt LockStmt ConstraintsSetStmt NotifyStmt
ListenStmt UnlistenStmt CheckPointStmt DiscardStmt PrepareStmt DeallocateStmt`);

/** These hold no data, and take none with them in a CASCADE but what can be computed again. */
const HOLDS_NO_DATA = words(`OBJECT_VIEW OBJECT_MATVIEW OBJECT_INDEX OBJECT_FUNCTION OBJECT_PROCEDURE OBJECT_ROUTINE
OBJECT_AGGREGATE OBJECT_TRIGGER OBJECT_POLICY OBJECT_RULE OBJECT_SEQUENCE OBJECT_STATISTIC_EXT OBJECT_FOREIGN_TABLE`);

const TABLE_LIKE = words("OBJECT_TABLE OBJECT_VIEW OBJECT_MATVIEW OBJECT_FOREIGN_TABLE");
const LOSES_VALUES = words("AT_DropColumn AT_AlterColumnType");

/** A statement on one line, without the comments before it, at most 80 characters. */
function head(sql: string): string {
  const line = withoutComments(sql).replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= 80 ? line : `${characters.slice(0, 79).join("").trimEnd()}…`;
}

const unknown = ({ sql }: Statement): DownEffect => ({ kind: "unknown", what: head(sql) });

function tableName(value: unknown): string {
  const [name, schema] = nameParts(value).toReversed();
  return sqlName(String(name), asText(schema));
}

function drop(statement: Statement): Effects {
  const { removeType, objects, behavior } = statement.node;
  const type = String(removeType);
  if (type === "OBJECT_TABLE") return list(objects).map((one) => ({ kind: "table", table: tableName(one) }));
  // Whatever depends on a type or a schema goes too: columns, tables.
  return behavior === "DROP_CASCADE" && !HOLDS_NO_DATA.has(type) ? [unknown(statement)] : [];
}

function alterTable(statement: Statement): Effects {
  const { relation, cmds, objtype } = statement.node;
  const lossy = list(cmds)
    .map((item) => asNode(item.AlterTableCmd))
    .filter(({ subtype }) => LOSES_VALUES.has(String(subtype)));
  if (objtype === "OBJECT_TABLE") {
    const table = tableName(relation);
    return lossy.map(({ name }) => ({ kind: "column", table, column: String(name) }));
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

const overwritten = (statement: Statement): Effects =>
  writesOf(statement)
    .filter(({ overwrites }) => overwrites)
    .map(({ table }) => ({ kind: "rows", table: tableName(table) }));

const withUnknown = (statement: Statement, when: boolean): Effects =>
  when ? [...overwritten(statement), unknown(statement)] : overwritten(statement);

const byKind: Readonly<Record<string, (statement: Statement) => Effects>> = {
  DropStmt: drop,
  AlterTableStmt: alterTable,
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  TruncateStmt: truncate,
  InsertStmt: overwritten,
  UpdateStmt: overwritten,
  DeleteStmt: overwritten,
  MergeStmt: overwritten,
  SelectStmt: (statement) => withUnknown(statement, callsUnknown(statement)),
  CreateTableAsStmt: (statement) => withUnknown(statement, asNode(statement.node.query).ExecuteStmt !== undefined),
  CopyStmt: (statement) => withUnknown(statement, statement.node.is_program === true),
};

const effectsOf = (statement: Statement): Effects =>
  LOSES_NOTHING.has(statement.kind) ? [] : (byKind[statement.kind]?.(statement) ?? [unknown(statement)]);

const namesNoSchema = (effect: DownEffect): boolean =>
  effect.kind !== "unknown" && !effect.table.replace(/"([^"]|"")*"/g, "_").includes(".");

/**
 * What a down script does to data, in the order of its statements; see `DownEffect`. Empty when nothing can be lost. After
 * a change of search_path a bare name can no longer be looked up by who judges the effects, so it becomes `unknown`.
 */
export function downEffectsOf(statements: readonly Statement[]): readonly DownEffect[] {
  const moved = statements.findIndex(movesSearchPath);
  return statements.flatMap((statement, index) => {
    const effects = effectsOf(statement);
    return moved !== -1 && index > moved && effects.some(namesNoSchema) ? [unknown(statement)] : effects;
  });
}
