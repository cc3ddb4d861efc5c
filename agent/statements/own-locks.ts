import type { Statement } from "../migrations/parser.ts";
import { callsUnknown } from "./calls.ts";
import { lockOf } from "./locks.ts";
import { trackMade } from "./made.ts";

/** Kinds of which `lockOf` knows all locks. Rows of a new table fire no trigger, as long as none of these kinds makes one. */
const KNOWN = new Set([
  "CreateStmt",
  "IndexStmt",
  "AlterTableStmt",
  "CommentStmt",
  "CreateEnumStmt",
  "CompositeTypeStmt",
  "InsertStmt",
  "VariableSetStmt",
]);

/**
 * True where a file, by its text, touches no table but those that it makes itself: nobody else can know those before it commits.
 * One that reads another is not among it: a view, or a default that is copied, may call what locks. What an event trigger or a
 * type's own functions lock, no text tells.
 */
export function locksOnlyItsOwn(statements: readonly Statement[]): boolean {
  // Nobody knows here what search_path will be: a name without a schema is none that is written with one.
  const made = trackMade({ home: "" });
  return statements.every((statement) => {
    const { lock, complete } = lockOf(statement, { made });
    made.note(statement);
    return KNOWN.has(statement.kind) && complete && lock === null && !callsUnknown(statement);
  });
}
