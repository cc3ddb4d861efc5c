import { type Action, actionsOf, actionsOn, tableOf } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

/** Who waits for a transaction that has added it. */
const waiting = ({ table, def }: Action): string =>
  def.contype === "CONSTR_FOREIGN"
    ? `writes to ${table.sql} and ${tableOf(def.pktable).sql} wait`
    : `nobody can read or write ${table.sql}`;

interface Added {
  readonly place: number;
  readonly action: Action;
}

/** The first constraint that a file adds to a table with NOT VALID, by the table as SQL writes it. */
const addedIn = onceAFile((statements): ReadonlyMap<string, Added> => {
  const added = new Map<string, Added>();
  for (const [place, statement] of statements.entries()) {
    for (const action of actionsOf(statement)) {
      const isAdded = action.type === "AT_AddConstraint" && action.def.skip_validation === true;
      if (isAdded && !added.has(action.table.sql)) added.set(action.table.sql, { place, action });
    }
  }
  return added;
});

/** A VALIDATE under the lock of an ADD ... NOT VALID before it. */
export const HG306: Rule = {
  id: "HG306",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    if (!migration.transaction) return undefined;
    const [validated] = actionsOn(statement, made, "AT_ValidateConstraint");
    if (validated === undefined) return undefined;
    const added = addedIn(statements).get(validated.table.sql);
    if (added === undefined || added.place > statements.indexOf(statement)) return undefined;
    const name = sqlName(String(validated.name));
    return {
      danger: `the lock of ADD CONSTRAINT ... NOT VALID is kept until the file commits: ${waiting(added.action)} while VALIDATE reads every row`,
      instead: `in a file of its own after this one: ALTER TABLE ${validated.table.sql} VALIDATE CONSTRAINT ${name}`,
      table: validated.table.sql,
    };
  },
};
