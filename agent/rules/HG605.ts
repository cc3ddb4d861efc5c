import { asNode } from "../migrations/tree.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy } from "../statements/targets.ts";
import type { Rule } from "./rule.ts";

/** A condition of a domain, for which every table that uses it is searched. */
export const HG605: Rule = {
  id: "HG605",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made }) {
    const { kind, node } = statement;
    if (kind !== "AlterDomainStmt") return undefined;
    const constraint = asNode(asNode(node.def).Constraint);
    const adds = node.subtype === "C" && constraint.skip_validation !== true;
    const [domain] = changedBy(statement);
    if ((!adds && node.subtype !== "O") || domain === undefined || made.has(domain)) return undefined;
    const name = sqlName(domain.name, domain.schema);
    return {
      danger: `nobody can write any table that has a column of ${name} until every row of all of them is looked at (SHARE lock)`,
      instead: `for each column, in steps that let writers through: ALTER TABLE … ADD CONSTRAINT … CHECK (…) NOT VALID, and VALIDATE CONSTRAINT in a later file; or for new values alone: ALTER DOMAIN ${name} ADD CONSTRAINT ${sqlName(typeof constraint.conname === "string" ? constraint.conname : `${domain.name}_check`)} CHECK (…) NOT VALID`,
    };
  },
};
