import { quoteLiteral } from "../postgres/quote.ts";
import { actionsOn } from "../statements/alter.ts";
import { takesAnyText } from "../statements/column-type.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A column that becomes text: most often, but not always, of a type that is stored the same way. */
export const HG207: Rule = {
  id: "HG207",
  risk: "low",
  acknowledgeable: true,
  check(statement, { made }) {
    const altered = actionsOn(statement, made, "AT_AlterColumnType").find(
      // Another collation is HG215.
      ({ def }) => takesAnyText(def) && def.collClause === undefined,
    );
    if (altered?.name === undefined) return undefined;
    const { table } = altered;
    const column = sqlName(altered.name);
    return {
      danger: `unless ${column} is a varchar or text now, which the file does not say, nobody can read or write ${table.sql} while each row is written anew (ACCESS EXCLUSIVE lock)`,
      instead: `look what it is: SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = ${quoteLiteral(table.sql)}::regclass AND attname = ${quoteLiteral(altered.name)}; where it is neither, add a column of type text, ${sqlName(`${altered.name}_new`)}, let the code write both, fill the older rows in batches, and drop ${column} in a later release`,
      table: table.sql,
    };
  },
};
