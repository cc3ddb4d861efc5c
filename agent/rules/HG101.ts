import { asNode, asText } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { partByPart } from "../statements/partitioned.ts";
import { marks } from "../statements/settled.ts";
import { sqlName, withoutComments } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** An index that is built while nobody can write. */
export const HG101: Rule = {
  id: "HG101",
  risk: "high",
  acknowledgeable: true,
  check({ kind, node, sql }, { made }) {
    if (kind !== "IndexStmt" || node.concurrent === true) return undefined;
    const table = tableOf(node.relation);
    // ONLY is for the parent of partitions, which holds no rows.
    if (made.has(table.target) || asNode(node.relation).inh !== true) return undefined;
    const name = asText(node.idxname);
    const index = name === undefined ? "the index" : `the index ${sqlName(name)}`;
    return {
      danger: `every write to ${table.sql} waits until ${index} is built (SHARE lock)`,
      instead: made.settled(marks.partitioned(table.sql))
        ? partByPart(table.sql)
        : `in a file of its own with the line -- headgate: no-transaction: ${withoutComments(sql).replace(/\bINDEX\b/i, "INDEX CONCURRENTLY")}`,
      table: table.sql,
    };
  },
};
