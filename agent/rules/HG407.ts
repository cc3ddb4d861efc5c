import { tableOf } from "../statements/alter.ts";
import type { Rule } from "./rule.ts";

/** A materialized view that is filled again while nobody can read it. */
export const HG407: Rule = {
  id: "HG407",
  risk: "medium",
  acknowledgeable: true,
  check({ kind, node }, { made }) {
    if (kind !== "RefreshMatViewStmt" || node.concurrent === true) return undefined;
    const { target, sql } = tableOf(node.relation);
    if (made.has(target)) return undefined;
    return {
      danger:
        node.skipData === true
          ? `${sql} is emptied, and every query of it fails until it is filled again`
          : `every query of ${sql} waits until it is filled again (ACCESS EXCLUSIVE lock)`,
      instead: `with a unique index on columns of ${sql}, without WHERE: REFRESH MATERIALIZED VIEW CONCURRENTLY ${sql}`,
      ...(node.skipData === true ? {} : { table: sql }),
    };
  },
};
