import { asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import { actionsOn } from "../statements/alter.ts";
import { takesAnyText } from "../statements/column-type.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Found, Rule } from "./rule.ts";

/** The type without its schema, and its length or digits; no type for an array. */
function sizedType({ typeName }: Node): { readonly type: string; readonly size: unknown; readonly scale: unknown } {
  const { typmods, arrayBounds } = asNode(typeName);
  const [size, scale = 0] = list(typmods).map(({ A_Const }) => asNode(asNode(A_Const).ival).ival ?? 0);
  return { type: arrayBounds === undefined ? String(nameParts(typeName).at(-1)) : "", size, scale };
}

/** True for what most often only gives a column more room, and then writes nothing. */
function mayWiden(def: Node): boolean {
  const { type, size } = sizedType(def);
  return def.raw_default === undefined && size !== undefined && /^(varchar|numeric)$/.test(type);
}

/** The types that a column may have now and need no writing: only the database knows. */
function unless(def: Node): string {
  if (def.raw_default !== undefined) return "";
  const { type, size, scale } = sizedType(def);
  const types: Readonly<Record<string, string>> = {
    varchar: `is a varchar of at most ${size} characters`,
    numeric: size === undefined ? "is a numeric" : `is a numeric of at most ${size} digits, ${scale} after the point`,
  };
  const same = types[type] ?? "has a type that is stored the same way";
  return `, unless it ${same}: the file does not say`;
}

/** A column that gets another type. */
export const HG206: Rule = {
  id: "HG206",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const altered = actionsOn(statement, made, "AT_AlterColumnType").filter(({ def }) => !takesAnyText(def));
    return altered.map(({ table, name = "", def }): Found => {
      const column = sqlName(name);
      return {
        danger: `nobody can read or write ${table.sql} while each row is written anew for the new type of ${column} (ACCESS EXCLUSIVE lock)${unless(def)}`,
        instead: `add a column of the new type, ${sqlName(`${name}_new`)}, let the code write both, fill the older rows in batches, and drop ${column} in a later release`,
        table: table.sql,
        ifRewritten: "high",
        ...(mayWiden(def) ? { risk: "low" } : {}),
      };
    });
  },
};
