import type { Node } from "../migrations/tree.ts";
import { actionsOn } from "../statements/alter.ts";
import { constraintName, constraintsOf } from "../statements/constraints.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** NOT ENFORCED, which is HG312, cannot be validated either; the tree says so of these two kinds only. */
const isNotValid = ({ skip_validation, is_enforced, contype }: Node): boolean =>
  skip_validation === true && (is_enforced === true || contype === "CONSTR_NOTNULL");

/** A constraint that the set never validates. */
export const HG307: Rule = {
  id: "HG307",
  risk: "low",
  acknowledgeable: true,
  check(statement, { made }) {
    if (actionsOn(statement, made, "AT_AddConstraint").length === 0) return undefined;
    const added = constraintsOf(statement).find(({ def, isNew }) => !isNew && isNotValid(def));
    if (added === undefined) return undefined;
    const { table } = added;
    const name = constraintName(added);
    return {
      danger: `older rows of ${table.sql} may break ${sqlName(name)}, and the planner does not rely on it, until it is validated; no later file does that`,
      instead: `in a file after this one: ALTER TABLE ${table.sql} VALIDATE CONSTRAINT ${sqlName(name)}`,
      unless: marks.validated(table.sql, name),
    };
  },
};
