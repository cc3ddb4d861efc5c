import { constraintOn } from "../statements/alter.ts";
import { constraintName } from "../statements/constraints.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A CHECK that reads every row while nobody can use the table. */
export const HG302: Rule = {
  id: "HG302",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = constraintOn(statement, made, "CONSTR_CHECK");
    if (added === undefined) return undefined;
    const { table, def } = added;
    const name = sqlName(constraintName({ table, def, columns: [] }));
    return {
      danger: `nobody can read or write ${table.sql} until every row of it is checked (ACCESS EXCLUSIVE lock)`,
      instead: `write it ADD CONSTRAINT ${name} CHECK (...) NOT VALID; then, in a file after this one: ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${name}`,
      table: table.sql,
    };
  },
};
