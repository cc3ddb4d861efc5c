import { list } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { LOCK_MODES } from "../statements/lock-modes.ts";
import type { Rule } from "./rule.ts";

/** A lock taken by hand that keeps writers out, or readers too. */
export const HG406: Rule = {
  id: "HG406",
  risk: "medium",
  acknowledgeable: true,
  check({ kind, node }, { made }) {
    const mode = LOCK_MODES[Number(node.mode) - 1] ?? "ACCESS EXCLUSIVE";
    if (kind !== "LockStmt" || LOCK_MODES.indexOf(mode) < LOCK_MODES.indexOf("SHARE")) return undefined;
    const tables = list(node.relations)
      .map(tableOf)
      .filter(({ target }) => !made.has(target))
      .map(({ sql }) => sql);
    if (tables.length === 0) return undefined;
    const whom = mode === "ACCESS EXCLUSIVE" ? "read or write" : "write";
    return {
      danger: `nobody can ${whom} ${tables.join(", ")} until the file commits (${mode} lock)`,
      instead: `leave it out: each statement takes the lock it needs; to hold single rows, SELECT … FROM ${tables[0]} WHERE … FOR UPDATE`,
    };
  },
};
