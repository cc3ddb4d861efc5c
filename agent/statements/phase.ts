import type { Statement } from "../migrations/parser.ts";
import { asNode, list, type Node } from "../migrations/tree.ts";
import type { Phase } from "../migrations/types.ts";
import { addColumnPhases } from "./add-column.ts";
import { tableOf } from "./alter.ts";
import { callsUnknown } from "./calls.ts";
import { type Columns, columnsIn } from "./columns.ts";
import { type Made, trackMade } from "./made.ts";
import { type Names, namesIn } from "./names.ts";
import { changedBy, relationTarget, type Target } from "./targets.ts";
import { writesOf } from "./writes.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** The worst of them: contract, else unknown, else expand. */
const worst = (phases: readonly Phase[]): Phase =>
  phases.find((phase) => phase === "contract") ?? phases.find((phase) => phase === "unknown") ?? "expand";

const ADDS_OR_TENDS = words(`CreateStmt CreateForeignTableStmt CreateSchemaStmt CreateSeqStmt CreateEnumStmt
CreateRangeStmt CompositeTypeStmt CreateDomainStmt CreateExtensionStmt CreateStatsStmt CreateRoleStmt
CreateFdwStmt CreateForeignServerStmt CreateUserMappingStmt CreateAmStmt CreatePLangStmt CommentStmt VacuumStmt ReindexStmt
ClusterStmt RefreshMatViewStmt AlterStatsStmt VariableSetStmt VariableShowStmt LockStmt ConstraintsSetStmt NotifyStmt
CheckPointStmt`);

const DROPS_WHAT_CODE_USES = words(`OBJECT_TABLE OBJECT_FOREIGN_TABLE OBJECT_VIEW OBJECT_MATVIEW OBJECT_SCHEMA
OBJECT_FUNCTION OBJECT_PROCEDURE OBJECT_ROUTINE OBJECT_AGGREGATE OBJECT_TYPE OBJECT_DOMAIN OBJECT_SEQUENCE
OBJECT_EXTENSION`);
const DROPS_A_HELPER = words("OBJECT_INDEX OBJECT_STATISTIC_EXT");

/** No client names one of these in a statement. */
const RENAMED_UNSEEN = words("OBJECT_INDEX OBJECT_TRIGGER OBJECT_POLICY OBJECT_RULE OBJECT_STATISTIC_EXT");
/** What may stand under its name again in the same file, as after a CREATE OR REPLACE. */
const COMES_BACK = words("OBJECT_TYPE OBJECT_DOMAIN OBJECT_FUNCTION OBJECT_PROCEDURE OBJECT_ROUTINE OBJECT_VIEW");

const SAVEPOINTS = words("TRANS_STMT_SAVEPOINT TRANS_STMT_RELEASE TRANS_STMT_ROLLBACK_TO");

/** A view with these answers differently, or lets less in. */
const VIEW_RULES = words("security_invoker security_barrier check_option");

const EXPAND_COMMANDS = words(`AT_ValidateConstraint AT_SetStatistics AT_SetOptions AT_ResetOptions AT_SetStorage
AT_SetCompression AT_SetTableSpace AT_SetAccessMethod AT_SetLogged AT_SetUnLogged AT_ClusterOn AT_DropCluster
AT_AttachPartition`);
const CONTRACT_COMMANDS = words(`AT_DropColumn AT_SetNotNull AT_DetachPartition AT_DetachPartitionFinalize
AT_EnableRowSecurity`);

const setsViewRule = (options: unknown): boolean =>
  list(asNode(asNode(options).List).items).some((item) => VIEW_RULES.has(String(asNode(item.DefElem).defname)));

type Judge = (node: Node) => Phase;
const options: Judge = ({ def }) => (setsViewRule(def) ? "unknown" : "expand");

const byCommand: Readonly<Record<string, Judge>> = {
  AT_AddColumn: ({ def }) => worst(addColumnPhases(asNode(asNode(def).ColumnDef))),
  AT_ColumnDefault: ({ def }) => (def === undefined ? "contract" : "expand"),
  AT_SetRelOptions: options,
  AT_ResetRelOptions: options,
};

function commandPhase(command: Node): Phase {
  const type = String(command.subtype);
  if (CONTRACT_COMMANDS.has(type)) return "contract";
  return EXPAND_COMMANDS.has(type) ? "expand" : (byCommand[type]?.(command) ?? "unknown");
}

const commandsOf = ({ cmds }: Node): readonly Node[] => list(cmds).map((item) => asNode(item.AlterTableCmd));

function alterTable(node: Node): Phase {
  const commands = commandsOf(node);
  // A composite value of older code lacks the new attribute.
  if (node.objtype === "OBJECT_TYPE" && commands.some(({ subtype }) => subtype === "AT_AddColumn")) {
    return worst(["unknown", ...commands.map(commandPhase)]);
  }
  return worst(commands.map(commandPhase));
}

function drop({ removeType }: Node): Phase {
  const type = String(removeType);
  if (DROPS_WHAT_CODE_USES.has(type)) return "contract";
  return DROPS_A_HELPER.has(type) ? "expand" : "unknown";
}

const unlessReplaced: Judge = ({ replace }) => (replace === true ? "unknown" : "expand");
const grant: Judge = ({ is_grant }) => (is_grant === true ? "expand" : "contract");

const byKind: Readonly<Record<string, Judge>> = {
  AlterTableStmt: alterTable,
  AlterEnumStmt: ({ oldVal }) => (oldVal === undefined ? "expand" : "contract"),
  AlterObjectSchemaStmt: () => "contract",
  RenameStmt: ({ renameType }) => (RENAMED_UNSEEN.has(String(renameType)) ? "expand" : "contract"),
  TruncateStmt: () => "contract",
  DropStmt: drop,
  GrantStmt: grant,
  GrantRoleStmt: grant,
  AlterDefaultPrivilegesStmt: ({ action }) => grant(asNode(action)),
  IndexStmt: ({ unique }) => (unique === true ? "unknown" : "expand"),
  ViewStmt: unlessReplaced,
  CreateFunctionStmt: unlessReplaced,
  DefineStmt: unlessReplaced,
  TransactionStmt: ({ kind }) => (SAVEPOINTS.has(String(kind)) ? "expand" : "unknown"),
  CreateTableAsStmt: ({ query }) => (asNode(query).ExecuteStmt === undefined ? "expand" : "unknown"),
};

const isDml = (kind: string): boolean => /^(Select|Insert|Update|Delete|Merge)Stmt$/.test(kind);

/** What the statements before this one have left, and those after it bring. */
interface Context {
  readonly made: Made;
  readonly names: Names;
  readonly columns: Columns;
}

/** True when clients know nothing under that name: the statements before this one have given it. */
const isOwn =
  (statement: Statement, { made, names }: Context) =>
  (target: Target): boolean => {
    if (made.has(target)) return true;
    const given = names.before(target, statement);
    // Without arguments it is the function that the file has made, or PostgreSQL refuses.
    return target.sort === "function" ? given.some(made.has) : target.sort === "type" && given.length > 0;
  };

/** True where nothing is lost but a column that the file itself has added. */
function isOwnColumn(statement: Statement, { columns }: Context): boolean {
  const { kind, node } = statement;
  const isOwnName = (name: unknown): boolean =>
    columns.known(statement, { table: tableOf(node.relation).sql, column: String(name) }) === undefined;
  if (kind === "RenameStmt") return node.renameType === "OBJECT_COLUMN" && isOwnName(node.subname);
  const commands = kind === "AlterTableStmt" ? commandsOf(node) : [];
  return commands.length > 0 && commands.every(({ subtype, name }) => subtype === "AT_DropColumn" && isOwnName(name));
}

/** True where something else stands under each of the names when the statements are through. */
function comesBack(statement: Statement, { names }: Context): boolean {
  const { kind, node } = statement;
  const targets = changedBy(statement);
  if (!/^(Drop|Rename|AlterObjectSchema)Stmt$/.test(kind) || targets.length === 0) return false;
  return (
    COMES_BACK.has(String(node.removeType ?? node.renameType ?? node.objectType)) &&
    targets.every((target) => names.after(target, statement))
  );
}

function statementPhase(statement: Statement, context: Context): Phase {
  const { kind, node } = statement;
  const { made } = context;
  const overwrites = writesOf(statement).some((write) => write.overwrites && !made.has(relationTarget(write.table)));
  if (overwrites || (kind === "SelectStmt" && callsUnknown(statement))) return "unknown";
  if (isDml(kind)) return "expand";
  const targets = changedBy(statement);
  if (targets.length > 0 && targets.every(isOwn(statement, context))) return "expand";
  if (isOwnColumn(statement, context)) return "expand";
  if (comesBack(statement, context)) return "unknown";
  return ADDS_OR_TENDS.has(kind) ? "expand" : (byKind[kind]?.(node) ?? "unknown");
}

/** The phase of each statement, as phaseOf says it of all. */
export function phasesOf(statements: readonly Statement[]): readonly Phase[] {
  const context = { made: trackMade(), names: namesIn(statements), columns: columnsIn(statements) };
  return statements.map((statement) => {
    const phase = statementPhase(statement, context);
    context.made.note(statement);
    return phase;
  });
}

/**
 * Whether older application code goes on working after these statements: `expand` yes, `contract` no, `unknown` cannot be
 * told from the text, as for no statements at all. Things that the statements themselves have made hurt nobody.
 */
export const phaseOf = (statements: readonly Statement[]): Phase =>
  statements.length === 0 ? "unknown" : worst(phasesOf(statements));
