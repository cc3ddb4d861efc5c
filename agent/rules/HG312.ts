import type { Statement } from "../migrations/parser.ts";
import { actionsOf } from "../statements/alter.ts";
import { type Brought, constraintName, constraintsOf } from "../statements/constraints.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** At a column the words stand beside the constraint, else within it. */
const isNotEnforced = ({ def }: Brought): boolean =>
  def.contype === "CONSTR_ATTR_NOT_ENFORCED" ||
  (/^CONSTR_(CHECK|FOREIGN)$/.test(String(def.contype)) && def.is_enforced !== true);

/** What is not enforced, in words: a constraint by its name, one of a column by the column. */
function unenforced(statement: Statement): string | undefined {
  const brought = constraintsOf(statement).find(isNotEnforced);
  if (brought?.def.contype === "CONSTR_ATTR_NOT_ENFORCED") {
    return `the constraint of ${brought.table.sql}.${sqlName(String(brought.columns[0]))}`;
  }
  if (brought !== undefined) return sqlName(constraintName(brought));
  const altered = actionsOf(statement).find(
    ({ type, def }) => type === "AT_AlterConstraint" && def.alterEnforceability === true && def.is_enforced !== true,
  );
  return altered && sqlName(String(altered.def.conname));
}

/** A constraint that refuses no row. */
export const HG312: Rule = {
  id: "HG312",
  risk: "low",
  acknowledgeable: true,
  check(statement) {
    if (statement.kind !== "AlterTableStmt" && statement.kind !== "CreateStmt") return undefined;
    const what = unenforced(statement);
    if (what === undefined) return undefined;
    return {
      danger: `${what} is NOT ENFORCED: PostgreSQL refuses no row for it, and what reads the schema takes it for a promise`,
      instead: "leave NOT ENFORCED out; for a table that is in use add it NOT VALID, and validate it in a later file",
    };
  },
};
