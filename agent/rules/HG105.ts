import { asText } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** An index that counts as built because something bears its name. */
export const HG105: Rule = {
  id: "HG105",
  risk: "medium",
  acknowledgeable: true,
  check({ kind, node }, { made }) {
    if (kind !== "IndexStmt" || node.concurrent !== true || node.if_not_exists !== true) return undefined;
    const table = tableOf(node.relation);
    if (made.has(table.target)) return undefined;
    const name = sqlName(asText(node.idxname) ?? "");
    const create = `CREATE ${node.unique === true ? "UNIQUE " : ""}INDEX CONCURRENTLY`;
    return {
      danger: `whatever is called ${name} already counts as this index: one of other columns, or, where something else than Headgate runs the file, an invalid one that a failed build left, which slows writes and serves no query`,
      instead: `leave IF NOT EXISTS out, Headgate repeats a build that was cut off: ${create} ${name} ON ${table.sql} ...`,
    };
  },
};
