import type { Statement } from "../migrations/parser.ts";
import { asNode, list, type Node } from "../migrations/tree.ts";
import { isSerial } from "./add-column.ts";

/** Lock modes as PostgreSQL's documentation spells them, weakest first. */
export const LOCK_MODES = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
] as const;
export type LockMode = (typeof LOCK_MODES)[number];

export interface LockFact {
  /** Null when no lock on a table is taken. */
  readonly lock: LockMode | null;
  /** The table as the statement names it. */
  readonly table: string | null;
  /** Whether the table is written anew; null when only the database could tell. */
  readonly rewrites: boolean | null;
}

const NOTHING: LockFact = { lock: null, table: null, rewrites: false };

function relationName(value: unknown): string | null {
  const { schemaname, relname } = asNode(value);
  if (typeof relname !== "string") return null;
  return typeof schemaname === "string" ? `${schemaname}.${relname}` : relname;
}

/** Name of an object in a DROP: a list of its parts. */
function objectName(value: unknown): string | null {
  const items = list(asNode(asNode(value).List).items);
  const parts = items.map((item) => asNode(item.String).sval).filter((part) => typeof part === "string");
  return parts.length === 0 ? null : parts.join(".");
}

// Measured on PostgreSQL 15; what is not listed takes ACCESS EXCLUSIVE.
const WEAKER: Readonly<Record<string, LockMode>> = {
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE",
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_SetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_AttachPartition: "SHARE UPDATE EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE",
};

function commandLock(command: Node): LockMode {
  const type = String(command.subtype);
  const constraint = asNode(asNode(command.def).Constraint);
  if (type === "AT_AddConstraint" && constraint.contype === "CONSTR_FOREIGN") return "SHARE ROW EXCLUSIVE";
  if (type === "AT_DetachPartition" && asNode(asNode(command.def).PartitionCmd).concurrent === true) {
    return "SHARE UPDATE EXCLUSIVE";
  }
  return WEAKER[type] ?? "ACCESS EXCLUSIVE";
}

const STABLE = /^(now|current_|localtime|transaction_timestamp|statement_timestamp|session_user|user)/;

function columnRewrites(column: Node): boolean | null {
  if (isSerial(column)) return true;
  for (const constraint of list(column.constraints).map((item) => asNode(item.Constraint))) {
    if (constraint.contype === "CONSTR_IDENTITY") return true;
    if (constraint.contype === "CONSTR_GENERATED") return constraint.generated_kind !== "v";
    if (constraint.contype === "CONSTR_DEFAULT" && callsVolatile(constraint.raw_expr)) return null;
  }
  return false;
}

/** A call whose volatility only the catalog knows; the well-known stable ones do not count. */
function callsVolatile(expression: unknown): boolean {
  const text = JSON.stringify(expression ?? null);
  const calls = [...text.matchAll(/"FuncCall":\{"funcname":\[(.*?)\]/g)].map(
    (match) => /"sval":"([^"]+)"\}\}\]?$/.exec(match[1] ?? "")?.[1],
  );
  return calls.some((name) => name !== undefined && !STABLE.test(name));
}

function commandRewrites(command: Node): boolean | null {
  const type = String(command.subtype);
  if (type === "AT_AddColumn") return columnRewrites(asNode(asNode(command.def).ColumnDef));
  // Whether the old type can be read as the new one stands in the catalog, not in the file.
  if (type === "AT_AlterColumnType") return null;
  return /^AT_Set(Un)?[Ll]ogged|^AT_SetTableSpace|^AT_SetAccessMethod/.test(type);
}

export const strongest = (modes: readonly (LockMode | null)[]): LockMode | null =>
  modes.reduce<LockMode | null>(
    (best, mode) =>
      mode !== null && (best === null || LOCK_MODES.indexOf(mode) > LOCK_MODES.indexOf(best)) ? mode : best,
    null,
  );

function alterTable(node: Node): LockFact {
  if (node.objtype !== "OBJECT_TABLE" && node.objtype !== "OBJECT_MATVIEW")
    return { ...NOTHING, table: relationName(node.relation) };
  const commands = list(node.cmds).map((item) => asNode(item.AlterTableCmd));
  const rewrites = commands.map(commandRewrites);
  return {
    lock: strongest(commands.map(commandLock)),
    table: relationName(node.relation),
    rewrites: rewrites.includes(true) ? true : rewrites.includes(null) ? null : false,
  };
}

const on = (lock: LockMode, relation: unknown, rewrites = false): LockFact => ({
  lock,
  table: relationName(relation),
  rewrites,
});

function drop(node: Node): LockFact {
  const type = String(node.removeType);
  const name = objectName(list(node.objects)[0]);
  if (["OBJECT_TABLE", "OBJECT_MATVIEW", "OBJECT_VIEW"].includes(type))
    return { lock: "ACCESS EXCLUSIVE", table: name, rewrites: false };
  if (type === "OBJECT_INDEX") {
    return {
      lock: node.concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE",
      table: null,
      rewrites: false,
    };
  }
  if (["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"].includes(type)) {
    const table = name?.split(".").slice(0, -1).join(".") ?? null;
    return { lock: "ACCESS EXCLUSIVE", table, rewrites: false };
  }
  return NOTHING;
}

/** The first table of a list. */
const rangeVar = (tables: unknown): unknown => asNode(list(tables)[0]).RangeVar;

/** True when an option such as FULL is given, and not switched off again. */
const asksFor = (options: unknown, name: string): boolean =>
  list(options)
    .map((item) => asNode(item.DefElem))
    .some((option) => option.defname === name && !/"(false|off)"|"Integer":\{\}/i.test(JSON.stringify(option)));

function vacuum(node: Node): LockFact {
  const full = asksFor(node.options, "full");
  const relation = asNode(asNode(list(node.rels)[0]).VacuumRelation).relation;
  return on(full ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE", relation, full);
}

function reindex(node: Node): LockFact {
  const lock = asksFor(node.params, "concurrently") ? "SHARE UPDATE EXCLUSIVE" : "SHARE";
  // REINDEX INDEX names no table.
  return on(lock, node.kind === "REINDEX_OBJECT_TABLE" ? node.relation : undefined);
}

/** The new table is nobody's yet; its parent and what it refers to are there. */
function createTable(node: Node): LockFact {
  const parent = rangeVar(node.inhRelations);
  if (node.partbound !== undefined) return on("ACCESS EXCLUSIVE", parent);
  const constraints = list(node.tableElts).flatMap((part) => [part, ...list(asNode(part.ColumnDef).constraints)]);
  const referred = constraints
    .map((constraint) => asNode(constraint.Constraint).pktable)
    .find((table) => table !== undefined && relationName(table) !== relationName(node.relation));
  if (referred !== undefined) return on("SHARE ROW EXCLUSIVE", referred);
  return parent === undefined ? NOTHING : on("SHARE UPDATE EXCLUSIVE", parent);
}

function comment(node: Node): LockFact {
  const parts = objectName(node.object)?.split(".") ?? [];
  if (node.objtype === "OBJECT_COLUMN") parts.pop();
  const onTable = node.objtype === "OBJECT_TABLE" || node.objtype === "OBJECT_COLUMN";
  return onTable ? { lock: "SHARE UPDATE EXCLUSIVE", table: parts.join("."), rewrites: false } : NOTHING;
}

const byKind: Readonly<Record<string, (node: Node) => LockFact>> = {
  AlterTableStmt: alterTable,
  DropStmt: drop,
  IndexStmt: (node) => on(node.concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "SHARE", node.relation),
  CreateTrigStmt: (node) => on("SHARE ROW EXCLUSIVE", node.relation),
  CreatePolicyStmt: (node) => on("ACCESS EXCLUSIVE", node.table),
  AlterPolicyStmt: (node) => on("ACCESS EXCLUSIVE", node.table),
  RuleStmt: (node) => on("ACCESS EXCLUSIVE", node.relation),
  RenameStmt: (node) => (node.relation === undefined ? NOTHING : on("ACCESS EXCLUSIVE", node.relation)),
  AlterObjectSchemaStmt: (node) => (node.relation === undefined ? NOTHING : on("ACCESS EXCLUSIVE", node.relation)),
  InsertStmt: (node) => on("ROW EXCLUSIVE", node.relation),
  UpdateStmt: (node) => on("ROW EXCLUSIVE", node.relation),
  DeleteStmt: (node) => on("ROW EXCLUSIVE", node.relation),
  MergeStmt: (node) => on("ROW EXCLUSIVE", node.relation),
  TruncateStmt: (node) => on("ACCESS EXCLUSIVE", rangeVar(node.relations), true),
  VacuumStmt: vacuum,
  ReindexStmt: reindex,
  CreateStatsStmt: (node) => on("SHARE UPDATE EXCLUSIVE", rangeVar(node.relations)),
  CreateStmt: createTable,
  ClusterStmt: (node) => on("ACCESS EXCLUSIVE", node.relation, true),
  LockStmt: (node) => on(LOCK_MODES[Number(node.mode) - 1] ?? "ACCESS EXCLUSIVE", rangeVar(node.relations)),
  RefreshMatViewStmt: (node) =>
    on(node.concurrent === true ? "EXCLUSIVE" : "ACCESS EXCLUSIVE", node.relation, node.concurrent !== true),
  CommentStmt: comment,
  SelectStmt: (node) => on(node.lockingClause === undefined ? "ACCESS SHARE" : "ROW SHARE", rangeVar(node.fromClause)),
};

/** The strongest lock a statement takes on which table, by the lock matrix. Pure: asks no database. */
export function lockOf({ kind, node }: Statement): LockFact {
  const fact = byKind[kind]?.(node) ?? NOTHING;
  return fact.table === null && kind === "SelectStmt" ? NOTHING : fact;
}
