import { asNode, asText, list } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** An index whose name nobody knows beforehand. */
export const HG109: Rule = {
  id: "HG109",
  risk: "low",
  acknowledgeable: true,
  check({ kind, node }) {
    if (kind !== "IndexStmt" || asText(node.idxname) !== undefined) return undefined;
    const { sql, bare } = tableOf(node.relation);
    const columns = list(node.indexParams).map((item) => asText(asNode(item.IndexElem).name) ?? "expr");
    const name = sqlName([bare, ...columns, "idx"].join("_"));
    const create = ["CREATE", node.unique === true && "UNIQUE", "INDEX", node.concurrent === true && "CONCURRENTLY"];
    return {
      danger: `PostgreSQL makes up a name for this index of ${sql}, and another one where that is taken: no down script can drop it by name, and a build that was cut off cannot be found again`,
      instead: `name it: ${create.filter(Boolean).join(" ")} ${name} ON ${sql} ...`,
    };
  },
};
