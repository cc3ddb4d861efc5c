import type { Statement } from "../migrations/parser.ts";

const OPAQUE = ["DoStmt", "CallStmt", "ListenStmt", "PrepareStmt", "LoadStmt"];

const isTemporary = ({ kind, node }: Statement): boolean =>
  /^(CreateStmt|CreateTableAsStmt|ViewStmt|CreateSeqStmt|SelectStmt)$/.test(kind) &&
  JSON.stringify(node).includes('"relpersistence":"t"');

/** True when the statement may change the session beyond its transaction: a setting, the role, a temporary object. */
export function leavesState(statement: Statement): boolean {
  const { kind, node, sql } = statement;
  if (kind === "VariableSetStmt") return node.is_local !== true;
  if (OPAQUE.includes(kind) || isTemporary(statement)) return true;
  return kind === "SelectStmt" && /\bset_config\s*\(|\bsetval\s*\(|\bpg_advisory_/i.test(sql);
}
