import type { Statement } from "../migrations/parser.ts";
import { type TableName, tableOf } from "../statements/alter.ts";
import { constraintsOf } from "../statements/constraints.ts";
import { goesThrough } from "../statements/slow.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule, Subject } from "./rule.ts";

/** The tables whose rows a file goes through, without its own, by the places of the statements. */
const workOf = onceAFile((statements): readonly (readonly [number, TableName])[] => {
  const created = new Set(
    statements.flatMap(({ kind, node }) => (kind === "CreateStmt" ? [tableOf(node.relation).sql] : [])),
  );
  return [...statements.entries()].flatMap(([place, statement]) =>
    goesThrough(statement)
      .filter(({ sql }) => !created.has(sql))
      .map((table) => [place, table] as const),
  );
});

/** The last older table whose rows the file goes through after the statement. */
function goneThrough(statement: Statement, { made, statements }: Subject): TableName | undefined {
  const at = statements.indexOf(statement);
  const [, table] = workOf(statements).findLast(([place, { target }]) => place > at && !made.has(target)) ?? [];
  return table;
}

/** A new table that refers to an older one, whose writers then wait for other work. */
export const HG311: Rule = {
  id: "HG311",
  risk: "medium",
  acknowledgeable: true,
  check(statement, subject) {
    const { kind, node } = statement;
    if (kind !== "CreateStmt" || !subject.migration.transaction) return undefined;
    const table = tableOf(node.relation);
    const referred = constraintsOf(statement)
      .filter(({ def }) => def.contype === "CONSTR_FOREIGN")
      .map(({ def }) => tableOf(def.pktable))
      .find(({ sql, target }) => sql !== table.sql && !subject.made.has(target));
    if (referred === undefined) return undefined;
    const slow = goneThrough(statement, subject);
    if (slow === undefined) return undefined;
    return {
      danger: `the foreign key keeps every writer of ${referred.sql} waiting until the file commits, and it goes on with the rows of ${slow.sql} (SHARE ROW EXCLUSIVE lock)`,
      instead: `end the file after it has made ${table.sql}, and go through the rows in a file after it`,
      table: slow.sql,
    };
  },
};
