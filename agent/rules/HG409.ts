import type { Statement } from "../migrations/parser.ts";
import { asNode, list, nameParts } from "../migrations/tree.ts";
import { actionsOn, type TableName, tableNamed, tableOf } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy } from "../statements/targets.ts";
import type { Found, Rule, Subject } from "./rule.ts";

const DISABLES = ["AT_DisableTrig", "AT_DisableTrigAll", "AT_DisableTrigUser"];

/** The name of the trigger, or which of them. */
const triggersOf = (type: string, name: string | undefined): string =>
  name === undefined ? (type === "AT_DisableTrigAll" ? "ALL" : "USER") : sqlName(name);

function switchedOff(statement: Statement, { made }: Subject): Found | undefined {
  if (statement.kind !== "AlterTableStmt") return undefined;
  const [action] = DISABLES.flatMap((type) => actionsOn(statement, made, type));
  if (action === undefined) return undefined;
  const { table, type, name } = action;
  const which = triggersOf(type, name);
  const keys = which === "ALL" ? ", and no foreign key checked" : "";
  return {
    danger: `nobody can write ${table.sql} until the file commits (SHARE ROW EXCLUSIVE lock), and until it is switched on again no row that anybody writes sets off ${name === undefined ? "a trigger" : which}${keys}`,
    instead: `leave it on, and let the trigger pass over these rows: WHEN (current_setting('app.quiet', true) IS DISTINCT FROM 'on') in its definition, SET LOCAL app.quiet = 'on' in this file`,
  };
}

/** Triggers that the statement makes, as `table trigger`. */
const madeTrigger = ({ kind, node }: Statement, table: TableName, name: string): boolean =>
  kind === "CreateTrigStmt" && node.trigname === name && tableOf(node.relation).sql === table.sql;

const dropsTable = (statement: Statement, { sql }: TableName): boolean =>
  statement.kind === "DropStmt" &&
  statement.node.removeType === "OBJECT_TABLE" &&
  changedBy(statement).some((target) => tableNamed(target).sql === sql);

function dropped(statement: Statement, { made, migration, statements }: Subject): Found | undefined {
  const { kind, node } = statement;
  if (kind !== "DropStmt" || node.removeType !== "OBJECT_TRIGGER" || migration.phase === "contract") return undefined;
  const [target] = changedBy(statement);
  if (target === undefined || made.has(target)) return undefined;
  const table = tableNamed(target);
  const name = String(nameParts(asNode(list(node.objects)[0])).at(-1));
  const later = statements.slice(statements.indexOf(statement) + 1);
  if (migration.transaction && later.some((one) => madeTrigger(one, table, name))) return undefined;
  if (later.some((one) => dropsTable(one, table))) return undefined;
  return {
    danger: `what the trigger ${sqlName(name)} did for each write to ${table.sql} no longer happens, and clients of the release before count on it`,
    instead:
      "first a release whose code does without it; then this file in a later one, marked -- headgate: phase=contract",
  };
}

function replica({ kind, node }: Statement): Found | undefined {
  if (kind !== "VariableSetStmt" || node.name !== "session_replication_role") return undefined;
  const [value] = list(node.args).map(({ A_Const }) => asNode(asNode(A_Const).sval).sval);
  if (value !== "replica") return undefined;
  return {
    danger: "from here on no trigger fires for what this session writes, and no foreign key is checked",
    instead: "leave it out: write the rows that other tables refer to first, and let the keys be checked",
  };
}

/** A trigger that no longer fires for rows that are written. */
export const HG409: Rule = {
  id: "HG409",
  risk: "medium",
  acknowledgeable: true,
  check: (statement, subject) => switchedOff(statement, subject) ?? dropped(statement, subject) ?? replica(statement),
};
