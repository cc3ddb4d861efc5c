import { asNode, list } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { changedBy } from "../statements/targets.ts";
import type { Rule } from "./rule.ts";

const inBatches = (table: string): string =>
  `DO $$ BEGIN LOOP DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} LIMIT 5000)); EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$`;

/** A table that is emptied at one stroke. */
export const HG404: Rule = {
  id: "HG404",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const { kind, node } = statement;
    // None for CASCADE, which empties also what refers to them.
    const targets = changedBy(statement);
    if (kind !== "TruncateStmt" || (targets.length > 0 && targets.every(made.has))) return undefined;
    const tables = list(node.relations)
      .map((item) => tableOf(asNode(item.RangeVar)))
      .filter(({ target }) => targets.length === 0 || !made.has(target))
      .map(({ sql }) => sql);
    const also = node.behavior === "DROP_CASCADE" ? ", and of every table that refers to one of them," : "";
    return {
      danger: `all rows of ${tables.join(", ")}${also} are gone, and nobody can read or write there until the file commits (ACCESS EXCLUSIVE lock)`,
      instead: `delete in batches what is to go, in a file of its own with the line -- headgate: no-transaction: ${tables.map(inBatches).join("; ")}`,
    };
  },
};
