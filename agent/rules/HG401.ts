import type { Statement } from "../migrations/parser.ts";
import type { Made } from "../statements/made.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy } from "../statements/targets.ts";
import type { Rule } from "./rule.ts";

const HOLDS_ROWS = /^OBJECT_(TABLE|FOREIGN_TABLE|MATVIEW|SCHEMA)$/;

function dropped({ kind, node }: Statement): string {
  if (kind === "DropdbStmt") return "database";
  return kind === "DropStmt" && HOLDS_ROWS.test(String(node.removeType)) ? String(node.removeType) : "";
}

function namesOf(statement: Statement, made: Made): readonly string[] {
  const sort = dropped(statement);
  if (sort === "") return [];
  if (sort === "database") return [`the database ${sqlName(String(statement.node.dbname))}`];
  const prefix = sort === "OBJECT_SCHEMA" ? "the schema " : "";
  return changedBy(statement)
    .filter((target) => !made.has(target))
    .map(({ name, schema }) => `${prefix}${sqlName(name, schema)}`);
}

/** A table, or what holds tables, that goes: its rows, and every older client that names it. */
export const HG401: Rule = {
  id: "HG401",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration }) {
    const names = namesOf(statement, made);
    if (names.length === 0 || migration.phase === "contract") return undefined;
    const all = names.join(", ");
    return {
      danger: `${all}: gone with all rows, and clients of the release before that name it fail at once`,
      instead: `first a release whose code no longer uses ${all}; then this file in a later one, marked -- headgate: phase=contract`,
    };
  },
};
