import type { Statement } from "../migrations/parser.ts";
import { asNode, list, type Node } from "../migrations/tree.ts";
import { isSerial } from "../statements/add-column.ts";
import { actionsOn, tableOf } from "../statements/alter.ts";
import { leavesNoneOut } from "../statements/slow.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

const GIVES_A_VALUE = ["CONSTR_IDENTITY", "CONSTR_GENERATED", "CONSTR_DEFAULT"];

const isNullDefault = ({ raw_expr }: Node): boolean => asNode(asNode(raw_expr).A_Const).isnull === true;

/** True for NOT NULL without anything that gives rows a value. */
function staysEmpty(column: Node): boolean {
  const given = list(column.constraints).map((item) => asNode(item.Constraint));
  const hasValue = given.some((one) => GIVES_A_VALUE.includes(String(one.contype)) && !isNullDefault(one));
  return !hasValue && given.some(({ contype }) => contype === "CONSTR_NOTNULL") && !isSerial(column);
}

const byKind: Readonly<Record<string, (node: Node, empty: Set<string>) => void>> = {
  TruncateStmt: ({ relations }, empty) => {
    for (const table of list(relations)) empty.add(tableOf(table).sql);
  },
  DeleteStmt: ({ relation, usingClause, whereClause }, empty) => {
    if (usingClause === undefined && leavesNoneOut(whereClause)) empty.add(tableOf(relation).sql);
  },
  InsertStmt: ({ relation }, empty) => empty.delete(tableOf(relation).sql),
  MergeStmt: ({ relation }, empty) => empty.delete(tableOf(relation).sql),
};

/** Statements whose table the file has emptied before them. */
const onEmpty = onceAFile((statements): ReadonlySet<Statement> => {
  const empty = new Set<string>();
  return new Set(
    statements.filter(({ kind, node }) => {
      byKind[kind]?.(node, empty);
      return kind === "AlterTableStmt" && empty.has(tableOf(node.relation).sql);
    }),
  );
});

/** A new column that older code would have to fill. */
export const HG204: Rule = {
  id: "HG204",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, statements }) {
    const added = actionsOn(statement, made, "AT_AddColumn").find(({ def }) => staysEmpty(def));
    if (added === undefined) return undefined;
    const { table, def } = added;
    const name = sqlName(String(def.colname));
    const clients = `clients of the release before, which do not know ${name}, can insert no row any more`;
    return {
      danger: onEmpty(statements).has(statement) ? clients : `it fails when ${table.sql} has rows; and ${clients}`,
      instead: `give ${name} a constant, NOT NULL DEFAULT …, which writes no row; or add it without NOT NULL, fill it, and set that in a later release`,
    };
  },
};
