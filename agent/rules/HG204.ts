import { asNode, list, type Node } from "../migrations/tree.ts";
import { isSerial } from "../statements/add-column.ts";
import { actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const GIVES_A_VALUE = ["CONSTR_IDENTITY", "CONSTR_GENERATED", "CONSTR_DEFAULT"];

const isNullDefault = ({ raw_expr }: Node): boolean => asNode(asNode(raw_expr).A_Const).isnull === true;

/** True for NOT NULL without anything that gives rows a value. */
function staysEmpty(column: Node): boolean {
  const given = list(column.constraints).map((item) => asNode(item.Constraint));
  const hasValue = given.some((one) => GIVES_A_VALUE.includes(String(one.contype)) && !isNullDefault(one));
  return !hasValue && given.some(({ contype }) => contype === "CONSTR_NOTNULL") && !isSerial(column);
}

/** A new column that older code would have to fill. */
export const HG204: Rule = {
  id: "HG204",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = actionsOn(statement, made, "AT_AddColumn").find(({ def }) => staysEmpty(def));
    if (added === undefined) return undefined;
    const { table, def } = added;
    const name = sqlName(String(def.colname));
    return {
      danger: `it fails when ${table.sql} has rows; and clients of the release before, which do not know ${name}, can insert no row any more`,
      instead: `give ${name} a constant, NOT NULL DEFAULT …, which writes no row; or add it without NOT NULL, fill it, and set that in a later release`,
    };
  },
};
