import type { Statement } from "../migrations/parser.ts";
import { asNode } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { type Brought, constraintsOf } from "../statements/constraints.ts";
import { marks, settledBy } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Found, Rule, Subject } from "./rule.ts";

const marksOf = onceAFile((statements): ReadonlySet<string> => new Set(statements.flatMap(settledBy)));

const isTemporary = ({ node }: Statement): boolean => asNode(node.relation).relpersistence === "t";

/** Where the set makes the column it shows whether an index leads with it; an older one may have one. */
function lacksIndex({ table: { sql, target }, def, columns, isNew }: Brought, { made, statements }: Subject): boolean {
  const [column, second] = columns;
  if (def.contype !== "CONSTR_FOREIGN" || def.is_enforced !== true) return false;
  if (column === undefined || second !== undefined) return false;
  const isKnown = isNew || made.has(target) || made.settled(marks.added(sql, column));
  return isKnown && !marksOf(statements).has(marks.indexed(sql, column));
}

/** A foreign key whose column no index leads with. */
export const HG110: Rule = {
  id: "HG110",
  risk: "medium",
  acknowledgeable: true,
  check(statement, subject) {
    const { kind } = statement;
    if ((kind !== "CreateStmt" && kind !== "AlterTableStmt") || isTemporary(statement)) return undefined;
    const lacking = constraintsOf(statement).filter((one) => lacksIndex(one, subject));
    return lacking.map(({ table, def, columns }): Found => {
      const bare = String(columns[0]);
      const column = sqlName(bare);
      const isNewTable = kind === "CreateStmt" || subject.made.has(table.target);
      const index = `${sqlName(`${table.bare}_${bare}_idx`)} ON ${table.sql} (${column})`;
      return {
        danger: `each DELETE in ${tableOf(def.pktable).sql}, and each change of its key, reads all of ${table.sql} to find the rows that refer to it: no index leads with ${column}`,
        instead: isNewTable
          ? `in the same file: CREATE INDEX ${index}`
          : `in a file of its own with the line -- headgate: no-transaction: CREATE INDEX CONCURRENTLY ${index}`,
        table: table.sql,
        unless: marks.indexed(table.sql, bare),
      };
    });
  },
};
