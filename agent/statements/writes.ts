import type { Statement } from "../migrations/parser.ts";
import { anyBelow, asNode, type Node } from "../migrations/tree.ts";

export interface Write {
  /** The table, as a RangeVar. */
  readonly table: Node;
  /** False when rows are only added. */
  readonly overwrites: boolean;
}

// The body of a function or a rule is no write: it only says what will be one.
const RUNS_ITS_PARTS = new Set(
  "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CreateTableAsStmt CopyStmt".split(" "),
);
const WRITES = /^(Insert|Update|Delete|Merge)Stmt$/;

const onlyAdds = (kind: string, { onConflictClause }: Node): boolean =>
  kind === "InsertStmt" && asNode(onConflictClause).action !== "ONCONFLICT_UPDATE";

/** Every INSERT, UPDATE, DELETE and MERGE that the statement runs, those in its WITH included. */
export function writesOf({ kind, node }: Statement): readonly Write[] {
  const writes: Write[] = [];
  if (!RUNS_ITS_PARTS.has(kind)) return writes;
  anyBelow({ [kind]: node }, (name, part) => {
    if (WRITES.test(name)) writes.push({ table: asNode(part.relation), overwrites: !onlyAdds(name, part) });
    return false;
  });
  return writes;
}
