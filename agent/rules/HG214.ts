import { actionsOn } from "../statements/alter.ts";
import { isArray } from "../statements/column-type.ts";
import { marks, typeName } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A new column of a domain that does not take every value. */
export const HG214: Rule = {
  id: "HG214",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = actionsOn(statement, made, "AT_AddColumn").find(
      ({ def }) => !isArray(def) && made.settled(marks.constrainedDomain(typeName(def.typeName))),
    );
    if (added === undefined) return undefined;
    const { table, def } = added;
    const domain = typeName(def.typeName);
    const column = sqlName(String(def.colname));
    const name = sqlName(`${table.bare}_${def.colname}_check`);
    return {
      danger: `nobody can read or write ${table.sql} while each row is written anew for ${column}, because the domain ${domain} has a constraint (ACCESS EXCLUSIVE lock)`,
      instead: `add ${column} with the type that ${domain} is made of; then ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} CHECK (…) NOT VALID; and in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}`,
      table: table.sql,
    };
  },
};
