import type { Statement } from "../migrations/parser.ts";
import { anyBelow } from "../migrations/tree.ts";
import { type TableName, tableOf } from "./alter.ts";
import type { Rule } from "./rule.ts";

// In the body of a function or a rule it would only say what will be written one day.
const RUNS_ITS_PARTS = /^(Select|Insert|Update|Delete|Merge|CreateTableAs|Copy)Stmt$/;

interface Write {
  readonly word: string;
  readonly table: TableName;
}

/** Every UPDATE and DELETE without WHERE that the statement runs. */
function boundless({ kind, node }: Statement): readonly Write[] {
  const found: Write[] = [];
  if (!RUNS_ITS_PARTS.test(kind)) return found;
  anyBelow({ [kind]: node }, (name, part) => {
    const [, word] = /^(Update|Delete)Stmt$/.exec(name) ?? [];
    if (word !== undefined && part.whereClause === undefined) {
      found.push({ word: word.toUpperCase(), table: tableOf(part.relation) });
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
    const { word, table } = write;
    const after = word === "UPDATE" ? `, and ${table.sql} grows to twice its size` : "";
    return {
      danger: `${word} without WHERE: every row of ${table.sql} is locked against other writers until the last one is written${after}`,
      instead: `in batches by key, each committed by itself, in a file of its own with the line -- headgate: no-transaction; headgate explain HG701 has the loop`,
    };
  },
};
