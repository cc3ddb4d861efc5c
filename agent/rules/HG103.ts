import { isPatient } from "../migrations/statements.ts";
import { asText, type Node } from "../migrations/tree.ts";
import { type TableName, tableOf } from "../statements/alter.ts";
import { isNewIndex } from "../statements/indexes.ts";
import type { Made } from "../statements/made.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const WHAT: Readonly<Record<string, string>> = {
  INDEX: "the index",
  TABLE: "each index of the table",
  SCHEMA: "each index in the schema",
  DATABASE: "each index in the database",
  SYSTEM: "each index of the system catalogs",
};

interface Reindexed {
  /** As SQL writes it, empty for the system. */
  readonly sql: string;
  readonly isNew: boolean;
  /** The one table, where the file tells it. */
  readonly table?: string;
}

function ofRelation(one: TableName, sort: string, made: Made): Reindexed {
  const { sql, target } = one;
  if (sort === "TABLE") return { sql, isNew: made.has(target), table: sql };
  const table = made.indexes.get(sql)?.table.sql;
  return { sql, isNew: isNewIndex(one, made), ...(table === undefined ? {} : { table }) };
}

/** What is built anew. */
function reindexed({ relation, name }: Node, sort: string, made: Made): Reindexed {
  if (relation !== undefined) return ofRelation(tableOf(relation), sort, made);
  const given = sort === "SYSTEM" ? undefined : asText(name);
  if (given === undefined) return { sql: "", isNew: false };
  const isNew = sort === "SCHEMA" && made.has({ sort: "schema", schema: undefined, name: given });
  return { sql: sqlName(given), isNew };
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
    const { sql, isNew, table } = reindexed(node, sort, made);
    if (isNew) return undefined;
    const what = `${WHAT[sort] ?? "each index"} ${sql}`.trim();
    return {
      danger: `until ${what} is built anew, every write to its table waits (SHARE lock), and so does nearly every query, which looks at all indexes when it is planned (ACCESS EXCLUSIVE lock on the index)`,
      instead:
        sort === "SYSTEM"
          ? "reindex the system catalogs in a maintenance window, outside of a release: there is no CONCURRENTLY for them"
          : `in a file of its own with the line -- headgate: no-transaction: ${`REINDEX ${sort} CONCURRENTLY ${sql}`.trim()}`,
      ...(table === undefined ? {} : { table }),
    };
  },
};
