import { type Action, actionsOf, actionsOn, tableOf } from "./alter.ts";
import type { Rule } from "./rule.ts";
import { sqlName } from "./sql-name.ts";

/** Who waits for a transaction that has added it. */
const waiting = ({ table, def }: Action): string =>
  def.contype === "CONSTR_FOREIGN"
    ? `writes to ${table.sql} and ${tableOf(def.pktable).sql} wait`
    : `nobody can read or write ${table.sql}`;

/** A VALIDATE under the lock of an ADD ... NOT VALID before it. */
export const HG306: Rule = {
  id: "HG306",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    if (!migration.transaction) return undefined;
    const [validated] = actionsOn(statement, made, "AT_ValidateConstraint");
    const added = statements
      .slice(0, statements.indexOf(statement) + 1)
      .flatMap(actionsOf)
      .find(
        ({ type, table, def }) =>
          type === "AT_AddConstraint" && def.skip_validation === true && table.sql === validated?.table.sql,
      );
    if (validated === undefined || added === undefined) return undefined;
    const name = sqlName(String(validated.name));
    return {
      danger: `the lock of ADD CONSTRAINT ... NOT VALID is kept until the file commits: ${waiting(added)} while VALIDATE reads every row`,
      instead: `in a file of its own after this one: ALTER TABLE ${validated.table.sql} VALIDATE CONSTRAINT ${name}`,
    };
  },
};
