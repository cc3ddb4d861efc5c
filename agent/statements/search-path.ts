import type { Statement } from "../migrations/parser.ts";

/** True when a name without a schema may mean another table after the statement than before it. */
export const movesSearchPath = ({ kind, node, sql }: Statement): boolean =>
  kind === "VariableSetStmt"
    ? node.name === "search_path" || node.kind === "VAR_RESET_ALL"
    : kind === "SelectStmt" && /\bset_config\s*\(\s*'search_path'/i.test(sql);
