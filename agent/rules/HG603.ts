import { quoteLiteral } from "../postgres/quote.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy } from "../statements/targets.ts";
import type { Rule } from "./rule.ts";

/** A value of an enum that older clients no longer know. */
export const HG603: Rule = {
  id: "HG603",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made }) {
    const { kind, node } = statement;
    const [type] = changedBy(statement);
    if (kind !== "AlterEnumStmt" || node.oldVal === undefined || type === undefined || made.has(type)) return undefined;
    const [old, next] = [quoteLiteral(String(node.oldVal)), quoteLiteral(String(node.newVal))];
    return {
      danger: `clients of the release before that write or compare ${old} fail at once, and those that read ${next} do not know it`,
      instead: `ALTER TYPE ${sqlName(type.name, type.schema)} ADD VALUE ${next} BEFORE ${old}; let the code know both, and move the rows over in a later file`,
    };
  },
};
