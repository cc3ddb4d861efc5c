import { nameParts } from "../migrations/tree.ts";
import { constraintOn, tableOf } from "../statements/alter.ts";
import { constraintName } from "../statements/constraints.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A foreign key that looks up every row while nobody can write. */
export const HG301: Rule = {
  id: "HG301",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = constraintOn(statement, made, "CONSTR_FOREIGN");
    if (added === undefined) return undefined;
    const { table, def } = added;
    const referred = tableOf(def.pktable).sql;
    const columns = nameParts(def.fk_attrs).map(String);
    const name = sqlName(constraintName({ table, def, columns }));
    return {
      danger: `writes to ${table.sql} and ${referred} wait until every row of ${table.sql} is looked up (SHARE ROW EXCLUSIVE lock on both)`,
      instead: `write it ADD CONSTRAINT ${name} FOREIGN KEY ... NOT VALID; then, in a file after this one: ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}`,
      table: table.sql,
    };
  },
};
