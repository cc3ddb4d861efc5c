import { anyBelow, nameParts } from "../migrations/tree.ts";
import { withoutComments } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const UNLOCK = "pg_advisory_unlock_all";

const unlocks = (value: unknown): boolean =>
  anyBelow(value, (kind, call) => kind === "FuncCall" && nameParts(call.funcname).includes(UNLOCK));

/** What drops the run's lock, or the guards of the transaction. */
export const HG805: Rule = {
  id: "HG805",
  risk: "high",
  acknowledgeable: false,
  check({ kind, node, sql }) {
    const discards = kind === "DiscardStmt" && node.target === "DISCARD_ALL";
    const resets = kind === "VariableSetStmt" && node.kind === "VAR_RESET_ALL";
    if (!discards && !resets && !(kind === "SelectStmt" && unlocks(node))) return undefined;
    return {
      danger: `${withoutComments(sql)}: it drops what the session holds for this run, the lock that keeps a second run out or the limits on waiting`,
      instead: "reset what you set, by name: RESET search_path, DISCARD TEMP, pg_advisory_unlock(key)",
    };
  },
};
