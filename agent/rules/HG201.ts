import { anyBelow, asNode, list, nameParts } from "../migrations/tree.ts";
import { actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import { ONCE_A_ROW, ONCE_FOR_ALL } from "../statements/volatility.ts";
import type { Rule } from "./rule.ts";

/** The name of a call that may give each row a value of its own. */
function callIn(expression: unknown): string | undefined {
  const names: string[] = [];
  anyBelow(expression, (kind, { funcname }) => {
    if (kind === "FuncCall")
      names.push(
        nameParts(funcname)
          .join(".")
          .replace(/^pg_catalog\./, ""),
      );
    return false;
  });
  return names.find((name) => !ONCE_FOR_ALL.has(name));
}

/** A new column whose default has to be computed row by row. */
export const HG201: Rule = {
  id: "HG201",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    for (const { table, def } of actionsOn(statement, made, "AT_AddColumn")) {
      const given = list(def.constraints).find(({ Constraint }) => asNode(Constraint).contype === "CONSTR_DEFAULT");
      const call = callIn(asNode(given?.Constraint).raw_expr);
      if (call === undefined) continue;
      const name = sqlName(String(def.colname));
      const unless = ONCE_A_ROW.has(call) ? "" : `, unless ${call}() is declared STABLE or IMMUTABLE`;
      return {
        danger: `nobody can read or write ${table.sql} while each row gets its own ${call}() and is written anew (ACCESS EXCLUSIVE lock)${unless}`,
        instead: `add ${name} without the default; then ALTER TABLE ${table.sql} ALTER COLUMN ${name} SET DEFAULT …, which only new rows get; and fill the older ones in batches`,
        table: table.sql,
        ifRewritten: "high",
      };
    }
    return undefined;
  },
};
