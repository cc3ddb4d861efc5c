import { asNode, list, type Node } from "../migrations/tree.ts";
import { actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const isStored = (item: Node): boolean => {
  const { contype, generated_kind: kind } = asNode(item.Constraint);
  return contype === "CONSTR_GENERATED" && kind !== "v";
};

/** A new column that is computed and stored for every row. */
export const HG203: Rule = {
  id: "HG203",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = actionsOn(statement, made, "AT_AddColumn").find(({ def }) => list(def.constraints).some(isStored));
    if (added === undefined) return undefined;
    const { table, def } = added;
    const name = sqlName(String(def.colname));
    return {
      danger: `nobody can read or write ${table.sql} while ${name} is computed and each row written anew (ACCESS EXCLUSIVE lock)`,
      instead: `add ${name} as a plain column, set it in a trigger BEFORE INSERT OR UPDATE ON ${table.sql}, and fill the older rows in batches; from PostgreSQL 18 on, VIRTUAL instead of STORED writes no row`,
      table: table.sql,
    };
  },
};
