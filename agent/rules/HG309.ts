import { actionsOn, tableOf } from "../statements/alter.ts";
import { type Brought, constraintName, constraintsOf, nextName } from "../statements/constraints.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

const LOOKS_LIKE_ONE = /_fkey\d*$|_fk\d*$|^fk_/i;

/** The tables that a file alters, as SQL writes them; undefined when it does other things too. */
const alters = onceAFile((statements): ReadonlySet<string> | undefined => {
  const works = statements.filter(({ kind }) => kind !== "VariableSetStmt");
  if (works.some(({ kind }) => kind !== "AlterTableStmt")) return undefined;
  return new Set(works.map(({ node }) => tableOf(node.relation).sql));
});

/** The foreign keys that a file adds, by their table as SQL writes it. */
const addedInFile = onceAFile((statements): ReadonlyMap<string, readonly Brought[]> => {
  const added = statements.flatMap(constraintsOf).filter(({ def }) => def.contype === "CONSTR_FOREIGN");
  return Map.groupBy(added, ({ table }) => table.sql);
});

/** True for one of the same table that takes the place of the one that is dropped. */
const replaces = (one: Brought, dropped: string): boolean =>
  constraintName(one) === dropped || one.columns.every((column) => dropped.includes(column));

/** The next one before the other goes: else nothing checks in between. */
function first(next: Brought, dropped: string): string {
  const own = constraintName(next);
  const name = sqlName(own === dropped ? nextName(own) : own);
  const { sql } = next.table;
  return `first the new one beside it: ALTER TABLE ${sql} ADD CONSTRAINT ${name} FOREIGN KEY ... NOT VALID; in a file after it ALTER TABLE ${sql} VALIDATE CONSTRAINT ${name}`;
}

/** A foreign key that is dropped while the file goes on with other things. */
export const HG309: Rule = {
  id: "HG309",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    if (statement.kind !== "AlterTableStmt" || !migration.transaction) return undefined;
    const dropped = actionsOn(statement, made, "AT_DropConstraint").find(
      ({ name = "", table }) => LOOKS_LIKE_ONE.test(name) || made.settled(marks.foreignKey(table.sql, name)),
    );
    // A file for one table may replace a foreign key by another.
    if (dropped?.name === undefined || alters(statements)?.size === 1) return undefined;
    const { table } = dropped;
    const name = sqlName(dropped.name);
    const next = addedInFile(statements)
      .get(table.sql)
      ?.find((one) => replaces(one, String(dropped.name)));
    return {
      danger: `nobody can read or write the table that ${name} refers to, nor ${table.sql}, until the whole file commits (ACCESS EXCLUSIVE lock on both)`,
      instead: `${next === undefined ? "" : `${first(next, dropped.name)}; then, `}in a file of its own: ALTER TABLE ${table.sql} DROP CONSTRAINT ${name}`,
    };
  },
};
