import { asNode, asText } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { indexBuilt, indexesDropped, oneForTheOther } from "../statements/indexes.ts";
import { partByPart } from "../statements/partitioned.ts";
import { marks } from "../statements/settled.ts";
import { sqlName, withoutComments } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

/** As SQL writes them. */
const droppedInFile = onceAFile(
  (statements): ReadonlySet<string | undefined> => new Set(statements.flatMap(indexesDropped).map(({ sql }) => sql)),
);

/** An index that is built while nobody can write. */
export const HG101: Rule = {
  id: "HG101",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, statements }) {
    const { kind, node, sql } = statement;
    if (kind !== "IndexStmt" || node.concurrent === true) return undefined;
    const table = tableOf(node.relation);
    // ONLY is for the parent of partitions, which holds no rows.
    if (made.has(table.target) || asNode(node.relation).inh !== true) return undefined;
    const name = asText(node.idxname);
    const index = name === undefined ? "the index" : `the index ${sqlName(name)}`;
    const beside = droppedInFile(statements).has(indexBuilt(statement))
      ? oneForTheOther(statement)
      : withoutComments(sql).replace(/\bINDEX\b/i, "INDEX CONCURRENTLY");
    return {
      danger: `every write to ${table.sql} waits until ${index} is built (SHARE lock)`,
      instead: made.settled(marks.partitioned(table.sql))
        ? partByPart(table.sql)
        : `in a file of its own with the line -- headgate: no-transaction: ${beside}`,
      table: table.sql,
    };
  },
};
