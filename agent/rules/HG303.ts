import type { Statement } from "../migrations/parser.ts";
import { type Node, nameParts } from "../migrations/tree.ts";
import { constraintOn, type TableName } from "../statements/alter.ts";
import { constraintName, constraintsDropped, keyInSteps } from "../statements/constraints.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

const droppedInFile = onceAFile(constraintsDropped);

const FIRST = "in a file of its own with the line -- headgate: no-transaction";

const columns = (keys: unknown): string =>
  `(${nameParts(keys)
    .map((key) => sqlName(String(key)))
    .join(", ")})`;

const deferrable = ({ deferrable: may, initdeferred }: Node): string =>
  `${may === true ? " DEFERRABLE" : ""}${initdeferred === true ? " INITIALLY DEFERRED" : ""}`;

/** The same constraint in two files: the index first, then the constraint that takes it over. */
function inTwoFiles(table: TableName, def: Node, statements: readonly Statement[]): string {
  const { sql } = table;
  const isPrimary = def.contype === "CONSTR_PRIMARY";
  const name = constraintName({ table, def, columns: nameParts(def.keys).map(String) });
  const { index, drop } = keyInSteps({ table, name, isPrimary }, droppedInFile(statements));
  const including = def.including === undefined ? "" : ` INCLUDE ${columns(def.including)}`;
  const nulls = def.nulls_not_distinct === true ? " NULLS NOT DISTINCT" : "";
  const build = `CREATE UNIQUE INDEX CONCURRENTLY ${index} ON ${sql} ${columns(def.keys)}${including}${nulls}`;
  const sort = isPrimary ? "PRIMARY KEY" : "UNIQUE";
  const adopt = `ALTER TABLE ${sql} ${drop}ADD CONSTRAINT ${sqlName(name)} ${sort} USING INDEX ${index}${deferrable(def)}`;
  return `${FIRST}: ${build}; ${isPrimary ? "then, when its columns are NOT NULL," : "then"} in the next one: ${adopt}`;
}

/** A UNIQUE or PRIMARY KEY that builds its index while nobody can use the table. */
export const HG303: Rule = {
  id: "HG303",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, statements }) {
    const added = constraintOn(statement, made, "CONSTR_UNIQUE", "CONSTR_PRIMARY");
    // USING INDEX takes over one that is built.
    if (added === undefined || added.def.indexname !== undefined) return undefined;
    const { table, def } = added;
    return {
      danger: `nobody can read or write ${table.sql} until the index of the constraint is built (ACCESS EXCLUSIVE lock)`,
      instead:
        def.without_overlaps === true
          ? `WITHOUT OVERLAPS takes over no index: make a new table that has the constraint from its first row on, and copy ${table.sql} over in batches`
          : inTwoFiles(table, def, statements),
      table: table.sql,
    };
  },
};
