import type { Statement } from "../migrations/parser.ts";
import { callsUnknown } from "./calls.ts";
import { LOCK_MODES } from "./lock-modes.ts";
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

/** Weaker ones are not recorded. */
const RECORDED = LOCK_MODES.indexOf("ROW EXCLUSIVE");

/**
 * True where a file, by its text, takes no lock that would be recorded on any table but those that it makes itself: nobody else
 * can know those before it commits. Locks that an event trigger takes are not among it.
 */
export function locksOnlyItsOwn(statements: readonly Statement[]): boolean {
  // Nobody knows here what search_path will be: a name without a schema is none that is written with one.
  const made = trackMade({ home: "" });
  return statements.every((statement) => {
    const { lock, complete } = lockOf(statement, { made });
    made.note(statement);
    const isRecorded = lock !== null && LOCK_MODES.indexOf(lock) >= RECORDED;
    return KNOWN.has(statement.kind) && complete && !isRecorded && !callsUnknown(statement);
  });
}
