import { actionsOf, actionsOn } from "../statements/alter.ts";
import type { Made } from "../statements/made.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** True for a column that the set adds and has not secured; whether an older one is NOT NULL the file does not say. */
const mayBeNull = (table: string, column: string, { settled, filled }: Made): boolean =>
  settled(marks.added(table, column)) &&
  !settled(marks.notNull(table, column)) &&
  filled.by(table, column).length === 0;

/** A PRIMARY KEY that takes over an index of a column which may hold NULL. */
export const HG304: Rule = {
  id: "HG304",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made }) {
    for (const { table, def } of actionsOn(statement, made, "AT_AddConstraint")) {
      if (def.contype !== "CONSTR_PRIMARY" || def.indexname === undefined) continue;
      const { columns = [] } = made.indexes.get(sqlName(String(def.indexname), table.target.schema)) ?? {};
      const secured = actionsOf(statement).flatMap(({ type, name }) => (type === "AT_SetNotNull" ? [name] : []));
      const found = columns.find(
        (column) => column !== undefined && !secured.includes(column) && mayBeNull(table.sql, column, made),
      );
      if (found === undefined) continue;
      const column = sqlName(found);
      const name = sqlName(`${table.bare}_${found}_filled`);
      return {
        danger: `a PRIMARY KEY is NOT NULL: nobody can read or write ${table.sql} until every row is searched for a NULL in ${column} (ACCESS EXCLUSIVE lock)`,
        instead: `first ALTER TABLE ${table.sql} ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID; in a later file ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}; after it this needs no search, and ALTER TABLE ${table.sql} DROP CONSTRAINT ${name}`,
        table: table.sql,
      };
    }
    return undefined;
  },
};
