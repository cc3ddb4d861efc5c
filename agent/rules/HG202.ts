import { asNode, list, type Node } from "../migrations/tree.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import { isSerial } from "../statements/add-column.ts";
import { actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const counts = (column: Node): boolean =>
  isSerial(column) ||
  list(column.constraints).some(({ Constraint }) => asNode(Constraint).contype === "CONSTR_IDENTITY");

/** A new column that numbers the rows that are there. */
export const HG202: Rule = {
  id: "HG202",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = actionsOn(statement, made, "AT_AddColumn").find(({ def }) => counts(def));
    if (added === undefined) return undefined;
    const { table, def } = added;
    const name = sqlName(String(def.colname));
    const sequence = sqlName(`${table.bare}_${def.colname}_seq`, table.target.schema);
    return {
      danger: `nobody can read or write ${table.sql} while each row gets its number and is written anew (ACCESS EXCLUSIVE lock)`,
      instead: `ALTER TABLE ${table.sql} ADD COLUMN ${name} bigint; CREATE SEQUENCE ${sequence} OWNED BY ${table.sql}.${name}; ALTER TABLE ${table.sql} ALTER COLUMN ${name} SET DEFAULT nextval(${quoteLiteral(sequence)}); then number the older rows in batches`,
      table: table.sql,
    };
  },
};
