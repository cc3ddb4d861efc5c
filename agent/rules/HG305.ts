import { constraintOn } from "../statements/alter.ts";
import type { Rule } from "./rule.ts";

/** An EXCLUDE that builds its index while nobody can use the table; it has no NOT VALID. */
export const HG305: Rule = {
  id: "HG305",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = constraintOn(statement, made, "CONSTR_EXCLUSION");
    if (added === undefined) return undefined;
    const { sql } = added.table;
    return {
      danger: `nobody can read or write ${sql} until the index of the constraint is built and every row compared (ACCESS EXCLUSIVE lock)`,
      instead: `make a new table that has the constraint from its first row on, and copy ${sql} over in batches; where every operator of it is =, a unique index does the same: CREATE UNIQUE INDEX CONCURRENTLY`,
      table: sql,
    };
  },
};
