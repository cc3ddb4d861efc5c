import { list } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { isNewIndex } from "../statements/indexes.ts";
import type { Rule } from "./rule.ts";

/** An index that is dropped while nobody can use its table. */
export const HG102: Rule = {
  id: "HG102",
  risk: "medium",
  acknowledgeable: true,
  check({ kind, node }, { made }) {
    if (kind !== "DropStmt" || node.removeType !== "OBJECT_INDEX" || node.concurrent === true) return undefined;
    const names = list(node.objects)
      .map(tableOf)
      .filter((index) => !isNewIndex(index, made))
      .map(({ sql }) => sql);
    if (names.length === 0) return undefined;
    const drop = `DROP INDEX CONCURRENTLY${node.missing_ok === true ? " IF EXISTS" : ""}`;
    return {
      danger: `it waits for every query that runs on the table of ${names.join(", ")}, and every later one waits behind it (ACCESS EXCLUSIVE lock)`,
      instead: `in a file of its own with the line -- headgate: no-transaction: ${names.map((name) => `${drop} ${name}`).join("; ")}`,
    };
  },
};
