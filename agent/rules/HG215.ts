import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, nameParts } from "../migrations/tree.ts";
import { actionsOn, tableOf } from "../statements/alter.ts";
import { isNewIndex } from "../statements/indexes.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Found, Rule, Subject } from "./rule.ts";

type Judge = (statement: Statement, subject: Subject) => Found | undefined;

const FILE = "in a file of its own with the line -- headgate: no-transaction";

/** Another order of the values: every index of the column is sorted anew. */
const collation: Judge = (statement, { made }) => {
  const altered = actionsOn(statement, made, "AT_AlterColumnType").find(({ def }) => def.collClause !== undefined);
  if (altered?.name === undefined) return undefined;
  const { table, name, def } = altered;
  const column = sqlName(name);
  const [bare, schema] = nameParts(asNode(def.collClause).collname).toReversed();
  const order = sqlName(String(bare), asText(schema));
  return {
    danger: `nobody can read or write ${table.sql} until each index of ${column} is built anew for COLLATE ${order} (ACCESS EXCLUSIVE lock)`,
    instead: `leave ${column} as it is, write COLLATE ${order} in the queries that want this order, and give them an index, ${FILE}: CREATE INDEX CONCURRENTLY ${sqlName(`${table.bare}_${name}_collate_idx`)} ON ${table.sql} (${column} COLLATE ${order})`,
    table: table.sql,
  };
};

const table: Judge = (statement, { made }) => {
  const [moved] = actionsOn(statement, made, "AT_SetTableSpace");
  if (moved?.name === undefined) return undefined;
  const { sql } = moved.table;
  const space = sqlName(moved.name);
  return {
    danger: `nobody can read or write ${sql} until all of it is copied to the tablespace ${space} (ACCESS EXCLUSIVE lock)`,
    instead: `outside of a release, while clients go on: pg_repack --table ${sql} --tablespace ${space}`,
    table: sql,
  };
};

const index: Judge = ({ node }, { made }) => {
  const move = list(node.cmds)
    .map((item) => asNode(item.AlterTableCmd))
    .find(({ subtype }) => subtype === "AT_SetTableSpace");
  const moved = tableOf(node.relation);
  if (node.objtype !== "OBJECT_INDEX" || move === undefined || isNewIndex(moved, made)) return undefined;
  const space = sqlName(String(move.name));
  return {
    danger: `nearly every query of its table waits until ${moved.sql} is copied to the tablespace ${space} (ACCESS EXCLUSIVE lock on the index)`,
    instead: `${FILE}: REINDEX (TABLESPACE ${space}) INDEX CONCURRENTLY ${moved.sql}`,
  };
};

const all: Judge = ({ node }) => {
  const [from, to] = [sqlName(String(node.orig_tablespacename)), sqlName(String(node.new_tablespacename))];
  return {
    danger: `nobody can read or write what lies in the tablespace ${from} while it is copied to ${to}, until the file commits (ACCESS EXCLUSIVE lock on all of it)`,
    instead: `one after the other, outside of a release, while clients go on: pg_repack --table … --tablespace ${to}`,
  };
};

/** What lies elsewhere or in another order from now on. */
export const HG215: Rule = {
  id: "HG215",
  risk: "high",
  acknowledgeable: true,
  check(statement, subject) {
    if (statement.kind === "AlterTableMoveAllStmt") return all(statement, subject);
    if (statement.kind !== "AlterTableStmt") return undefined;
    return collation(statement, subject) ?? table(statement, subject) ?? index(statement, subject);
  },
};
