import type { Statement } from "../migrations/parser.ts";
import { asNode, list, type Node } from "../migrations/tree.ts";
import { actionsOf, type TableName, tableOf } from "../statements/alter.ts";
import { typeOf } from "../statements/column-type.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

interface Column {
  readonly table: TableName;
  readonly def: Node;
}

function columnsOf(statement: Statement): readonly Column[] {
  const { kind, node } = statement;
  if (kind !== "CreateStmt") {
    return actionsOf(statement).filter(({ type }) => type === "AT_AddColumn");
  }
  const table = tableOf(node.relation);
  return list(node.tableElts).flatMap(({ ColumnDef: def }) => (def === undefined ? [] : [{ table, def: asNode(def) }]));
}

/** A column of a type that has no equality. */
export const HG213: Rule = {
  id: "HG213",
  risk: "low",
  acknowledgeable: true,
  check(statement) {
    const added = columnsOf(statement).find(({ def }) => typeOf(def) === "json");
    if (added === undefined) return undefined;
    const column = sqlName(String(added.def.colname));
    return {
      danger: `json has no equality: a SELECT DISTINCT, GROUP BY or UNION of ${added.table.sql} that takes ${column} in fails, and no index finds anything inside it`,
      instead: `${column} jsonb, unless the text has to stay as it came, with its spaces and the order of its keys`,
    };
  },
};
