import type { Statement } from "../migrations/parser.ts";
import { anyBelow, type Node } from "../migrations/tree.ts";
import { type TableName, tableOf } from "../statements/alter.ts";
import { boundlessIn, doBody } from "../statements/do-body.ts";
import { joinsOnly, leavesNoneOut } from "../statements/slow.ts";
import type { Rule } from "./rule.ts";

// In the body of a function or a rule it would only say what will be written one day.
const RUNS_ITS_PARTS = /^(Select|Insert|Update|Delete|Merge|CreateTableAs|Copy)Stmt$/;

/** A row without a match stays as it is: there are few. */
const JOINS = "with a WHERE that only joins";

interface Write {
  readonly word: string;
  readonly table: TableName;
  /** What it has or lacks that all rows are written. */
  readonly how: string;
}

function howOf(part: Node, isWhole: boolean): string | undefined {
  if (part.whereClause === undefined) return "without WHERE";
  if (leavesNoneOut(part.whereClause)) return "with a WHERE that is always true";
  // Within a WITH what it joins may be another part of that.
  return isWhole && joinsOnly(part) ? JOINS : undefined;
}

/** Every UPDATE and DELETE of all rows that the statement runs. */
function boundless(statement: Statement): readonly Write[] {
  const { kind, node } = statement;
  const body = doBody(statement);
  if (body !== undefined) return boundlessIn(body).map((one) => ({ ...one, how: "without WHERE in the DO block" }));
  const found: Write[] = [];
  if (!RUNS_ITS_PARTS.test(kind)) return found;
  anyBelow({ [kind]: node }, (name, part) => {
    const [, word] = /^(Update|Delete)Stmt$/.exec(name) ?? [];
    const how = word === undefined ? undefined : howOf(part, kind === name && part === node);
    if (word !== undefined && how !== undefined) {
      found.push({ word: word.toUpperCase(), table: tableOf(part.relation), how });
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
    const { word, table, how } = write;
    const rows = how === JOINS ? "every row with a match" : "every row";
    const after = word === "UPDATE" ? `, and ${table.sql} grows to twice its size` : "";
    return {
      danger: `${word} ${how}: ${rows} of ${table.sql} is locked against other writers until the last one is written${after}`,
      instead: `in batches by key, each committed by itself, in a file of its own with the line -- headgate: no-transaction; headgate explain HG701 has the loop`,
      table: table.sql,
    };
  },
};
