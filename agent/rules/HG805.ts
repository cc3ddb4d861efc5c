import type { Node } from "../migrations/parser.ts";
import type { Rule } from "./rule.ts";

const UNLOCKS = ["pg_advisory_unlock_all"];

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** True when a call of one of `names` stands anywhere below. */
function calls(value: unknown, names: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((item) => calls(item, names));
  if (!isNode(value)) return false;
  const call = value.FuncCall;
  if (isNode(call) && names.some((name) => JSON.stringify(call.funcname).includes(`"sval":"${name}"`))) return true;
  return Object.values(value).some((item) => calls(item, names));
}

/** What drops the run's lock, or the guards of the transaction. */
export const HG805: Rule = {
  id: "HG805",
  risk: "high",
  acknowledgeable: false,
  check({ kind, node, sql }) {
    const discards = kind === "DiscardStmt" && node.target === "DISCARD_ALL";
    const resets = kind === "VariableSetStmt" && node.kind === "VAR_RESET_ALL";
    if (!discards && !resets && !(kind === "SelectStmt" && calls(node, UNLOCKS))) return undefined;
    return {
      danger: `${sql}: it drops what the session holds for this run, the lock that keeps a second run out or the limits on waiting`,
      instead: "reset what you set, by name: RESET search_path, DISCARD TEMP, pg_advisory_unlock(key)",
    };
  },
};
