import { actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A column that goes: its values, and every older client that names it. */
export const HG211: Rule = {
  id: "HG211",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration }) {
    const [dropped] = actionsOn(statement, made, "AT_DropColumn");
    if (dropped?.name === undefined || migration.phase === "contract") return undefined;
    const { table } = dropped;
    const column = sqlName(dropped.name);
    return {
      danger: `${table.sql}.${column} and its values are gone, and clients of the release before that name it fail at once`,
      instead: `first a release whose code no longer uses ${column}; then this file in a later one, marked -- headgate: phase=contract`,
    };
  },
};
