import { type Action, actionsOf } from "../statements/alter.ts";
import { droppedBy, filledBy } from "../statements/filled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Found, Rule } from "./rule.ts";

/** The column of which every row has to be looked at; on PostgreSQL 18 also a constraint may say NOT NULL. */
function scanned({ type, name, def }: Action): string | undefined {
  if (type === "AT_SetNotNull") return name;
  const isAdded = type === "AT_AddConstraint" && def.contype === "CONSTR_NOTNULL" && def.skip_validation !== true;
  return isAdded ? filledBy(def)[0] : undefined;
}

/** A column that is to be NOT NULL, which every row has to be looked at for. */
export const HG209: Rule = {
  id: "HG209",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const actions = actionsOf(statement);
    const dropped = actions.map(droppedBy);
    const isSecured = ({ table }: Action, column: string): boolean =>
      made.has(table.target) || made.filled.by(table.sql, column).some((name) => !dropped.includes(name));
    return actions.flatMap((action): readonly Found[] => {
      const found = scanned(action);
      if (found === undefined || isSecured(action, found)) return [];
      const { table } = action;
      const column = sqlName(found);
      // Not as PostgreSQL 18 calls the constraint that SET NOT NULL makes.
      const name = sqlName(`${table.bare}_${found}_filled`);
      return [
        {
          danger: `nobody can read or write ${table.sql} until every row is searched for a NULL in ${column} (ACCESS EXCLUSIVE lock)`,
          instead: `first ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID; in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}; after it this needs no search, and ALTER TABLE ${table.sql} DROP CONSTRAINT ${name}`,
          table: table.sql,
        },
      ];
    });
  },
};
