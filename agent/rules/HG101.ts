import { asText, list } from "../migrations/tree.ts";
import { tableOf } from "./alter.ts";
import type { Rule } from "./rule.ts";
import { withoutComments } from "./sql-name.ts";

/** An index that is built while nobody can write. */
export const HG101: Rule = {
  id: "HG101",
  risk: "high",
  acknowledgeable: true,
  check({ kind, node, sql }, { made }) {
    if (kind !== "IndexStmt" || node.concurrent === true) return undefined;
    const table = tableOf(node.relation);
    if (made.has(table.target)) return undefined;
    const name = asText(node.idxname) ?? `${table.bare}_${list(node.indexParams).length}_idx`;
    return {
      danger: `every write to ${table.sql} waits until the index ${name} is built (SHARE lock)`,
      instead: `in a file of its own with the line -- headgate: no-transaction: ${withoutComments(sql).replace(/\bINDEX\b/i, "INDEX CONCURRENTLY")}`,
    };
  },
};
