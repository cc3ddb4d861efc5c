import { asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import { actionsOn } from "../statements/alter.ts";
import { takesAnyText } from "../statements/column-type.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** The types that a column may have now and need no writing: only the database knows. */
function unless({ typeName, raw_default: using }: Node): string {
  if (using !== undefined) return "";
  const { typmods, arrayBounds } = asNode(typeName);
  const [size, scale = 0] = list(typmods).map(({ A_Const }) => asNode(asNode(A_Const).ival).ival ?? 0);
  const type = arrayBounds === undefined ? nameParts(typeName).at(-1) : "";
  const types: Readonly<Record<string, string>> = {
    varchar: `is a varchar of at most ${size} characters`,
    numeric: size === undefined ? "is a numeric" : `is a numeric of at most ${size} digits, ${scale} after the point`,
  };
  const same = types[String(type)] ?? "has a type that is stored the same way";
  return `, unless it ${same}: the file does not say`;
}

/** A column that gets another type. */
export const HG206: Rule = {
  id: "HG206",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const altered = actionsOn(statement, made, "AT_AlterColumnType").find(({ def }) => !takesAnyText(def));
    if (altered?.name === undefined) return undefined;
    const { table, name, def } = altered;
    const column = sqlName(name);
    return {
      danger: `nobody can read or write ${table.sql} while each row is written anew for the new type of ${column} (ACCESS EXCLUSIVE lock)${unless(def)}`,
      instead: `add a column of the new type, ${sqlName(`${name}_new`)}, let the code write both, fill the older rows in batches, and drop ${column} in a later release`,
      table: table.sql,
      ifRewritten: true,
    };
  },
};
