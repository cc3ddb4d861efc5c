import { isPatient } from "../migrations/statements.ts";
import { asText, type Node } from "../migrations/tree.ts";
import { tableOf } from "./alter.ts";
import type { Rule } from "./rule.ts";
import { sqlName } from "./sql-name.ts";
import type { Target } from "./targets.ts";

const WHAT: Readonly<Record<string, string>> = {
  INDEX: "the index",
  TABLE: "each index of the table",
  SCHEMA: "each index in the schema",
  DATABASE: "each index in the database",
  SYSTEM: "each index of the system catalogs",
};

/** What is built anew: its target, and its name as SQL writes it. The database or the system has no target. */
function reindexed({ relation, name }: Node, sort: string): { readonly sql: string; readonly target?: Target } {
  if (relation !== undefined) return tableOf(relation);
  const given = sort === "SYSTEM" ? undefined : asText(name);
  if (given === undefined) return { sql: "" };
  const sql = sqlName(given);
  return sort === "SCHEMA" ? { sql, target: { sort: "schema", schema: undefined, name: given } } : { sql };
}

/** Indexes that are built anew while nobody can write, nor plan a query. */
export const HG103: Rule = {
  id: "HG103",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const { kind, node } = statement;
    if (kind !== "ReindexStmt" || isPatient(statement)) return undefined;
    const sort = String(node.kind).replace("REINDEX_OBJECT_", "");
    const { sql, target } = reindexed(node, sort);
    if (target !== undefined && made.has(target)) return undefined;
    const what = `${WHAT[sort] ?? "each index"} ${sql}`.trim();
    return {
      danger: `until ${what} is built anew, every write to its table waits (SHARE lock), and so does nearly every query, which looks at all indexes when it is planned (ACCESS EXCLUSIVE lock on the index)`,
      instead:
        sort === "SYSTEM"
          ? "reindex the system catalogs in a maintenance window, outside of a release: there is no CONCURRENTLY for them"
          : `in a file of its own with the line -- headgate: no-transaction: ${`REINDEX ${sort} CONCURRENTLY ${sql}`.trim()}`,
    };
  },
};
