import { asNode, asText, list } from "../migrations/tree.ts";
import { type TableName, tableOf } from "../statements/alter.ts";
import type { Made } from "../statements/made.ts";
import { partByPart } from "../statements/partitioned.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const isPartitioned = ({ sql }: TableName, made: Made): boolean => made.settled(marks.partitioned(sql));

function build(relation: unknown, index: string | undefined, made: Made) {
  const table = tableOf(relation);
  // ONLY is written for the parent of partitions alone.
  if (asNode(relation).inh === true && !isPartitioned(table, made)) return undefined;
  const what = index === undefined ? "no index" : `no index ${sqlName(index)}`;
  return {
    danger: `PostgreSQL builds ${what} CONCURRENTLY on ${table.sql}, which is partitioned: the file fails (0A000)`,
    instead: partByPart(table.sql),
  };
}

function drop(objects: unknown, made: Made) {
  const [index] = list(objects).map(tableOf);
  const built = index && made.indexes.get(index.sql);
  if (built === undefined || !isPartitioned(built.table, made)) return undefined;
  return {
    danger: `PostgreSQL drops no index CONCURRENTLY of ${built.table.sql}, which is partitioned: the file fails (0A000)`,
    instead: `alone in its file, which runs in a transaction: DROP INDEX ${index?.sql}`,
  };
}

/** What PostgreSQL does not do CONCURRENTLY on a partitioned table. */
export const HG106: Rule = {
  id: "HG106",
  risk: "high",
  acknowledgeable: true,
  check({ kind, node }, { made }) {
    if (node.concurrent !== true) return undefined;
    if (kind === "IndexStmt") return build(node.relation, asText(node.idxname), made);
    return kind === "DropStmt" && node.removeType === "OBJECT_INDEX" ? drop(node.objects, made) : undefined;
  },
};
