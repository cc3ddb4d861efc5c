import { anyBelow, asNode, type Node, nameParts } from "../migrations/tree.ts";
import { actionsOn } from "../statements/alter.ts";
import { isArray, typeOf } from "../statements/column-type.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const CUTS = new Set("left right substr substring trunc round floor ceil ceiling date_trunc".split(" "));
/** A cast to one of these takes off what is longer, without an error. */
const SHORTENS = /^(varchar|bpchar|bit|varbit)$/;

function cutsIn(using: unknown): boolean {
  return anyBelow(using, (kind, part) => {
    if (kind === "FuncCall") return CUTS.has(String(nameParts(part.funcname).at(-1)));
    return kind === "TypeCast" && SHORTENS.test(typeOf(part)) && asNode(part.typeName).typmods !== undefined;
  });
}

/** What becomes of values that do not fit; by types that nothing but a wider one is turned into without USING. */
const narrow: Readonly<Record<string, string>> = {
  int2: "it fails at the first value that is no smallint, and rounds those that have a part after the point",
  date: "the time of day in it is gone for good",
  time: "the date in it is gone for good",
};

function lossOf(column: Node): string | undefined {
  const { raw_default: using } = column;
  if (using !== undefined) return cutsIn(using) ? "what USING takes off its values is gone for good" : undefined;
  return isArray(column) ? undefined : narrow[typeOf(column)];
}

/** A new type for which values have to be cut. */
export const HG208: Rule = {
  id: "HG208",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    for (const { table, name = "", def } of actionsOn(statement, made, "AT_AlterColumnType")) {
      const loss = lossOf(def);
      if (loss === undefined) continue;
      const column = sqlName(name);
      return {
        danger: `${table.sql}.${column}: ${loss}`,
        instead: `add a column of the new type, ${sqlName(`${name}_new`)}, let the code write both, fill the older rows in batches, and keep ${column} until nobody misses what it holds`,
      };
    }
    return undefined;
  },
};
