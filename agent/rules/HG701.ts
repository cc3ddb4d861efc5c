import type { Statement } from "../migrations/parser.ts";
import { anyBelow } from "../migrations/tree.ts";
import { type TableName, tableOf } from "../statements/alter.ts";
import { leavesNoneOut } from "../statements/slow.ts";
import type { Rule } from "./rule.ts";

// In the body of a function or a rule it would only say what will be written one day.
const RUNS_ITS_PARTS = /^(Select|Insert|Update|Delete|Merge|CreateTableAs|Copy)Stmt$/;

interface Write {
  readonly word: string;
  readonly table: TableName;
  /** It has a WHERE that is always true. */
  readonly isSaid: boolean;
}

/** Every UPDATE and DELETE of all rows that the statement runs. */
function boundless({ kind, node }: Statement): readonly Write[] {
  const found: Write[] = [];
  if (!RUNS_ITS_PARTS.test(kind)) return found;
  anyBelow({ [kind]: node }, (name, part) => {
    const [, word] = /^(Update|Delete)Stmt$/.exec(name) ?? [];
    if (word !== undefined && leavesNoneOut(part.whereClause)) {
      const isSaid = part.whereClause !== undefined;
      found.push({ word: word.toUpperCase(), table: tableOf(part.relation), isSaid });
    }
    return false;
  });
  return found;
}

/** Every row of a table written by one statement. */
export const HG701: Rule = {
  id: "HG701",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const write = boundless(statement).find(({ table }) => !made.has(table.target));
    if (write === undefined) return undefined;
    const { word, table, isSaid } = write;
    const after = word === "UPDATE" ? `, and ${table.sql} grows to twice its size` : "";
    return {
      danger: `${word} ${isSaid ? "with a WHERE that is always true" : "without WHERE"}: every row of ${table.sql} is locked against other writers until the last one is written${after}`,
      instead: `in batches by key, each committed by itself, in a file of its own with the line -- headgate: no-transaction; headgate explain HG701 has the loop`,
      table: table.sql,
    };
  },
};
