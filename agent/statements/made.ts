import type { Statement } from "../migrations/parser.ts";
import { type Filled, trackFilled } from "./filled.ts";
import { type Indexes, trackIndexes } from "./indexes.ts";
import { movesSearchPath } from "./search-path.ts";
import { settledBy } from "./settled.ts";
import { changedBy, madeBy, type Target } from "./targets.ts";

/** What the statements so far have left behind: things that no older code can know, and columns that hold no NULL. */
export interface Made {
  readonly has: (target: Target) => boolean;
  readonly filled: Pick<Filled, "by">;
  readonly indexes: Pick<Indexes, "get">;
  /** Whether a statement so far has left this mark. */
  readonly settled: (mark: string) => boolean;
  /** Takes in what the next statement makes, renames, drops and secures. */
  readonly note: (statement: Statement) => void;
}

const key = ({ sort, schema, name }: Target): string => JSON.stringify([sort, schema ?? null, name]);

/** Its schema is made: then everything in it is. */
const home = (schema: string): string => key({ sort: "schema", schema: undefined, name: schema });

/** What a statement calls otherwise or drops is a part of its target, and not the target itself. */
const A_PART = /^OBJECT_(COLUMN|ATTRIBUTE|TABCONSTRAINT|DOMCONSTRAINT|TRIGGER|POLICY|RULE)$/;

/** The target after the statement: undefined when it is gone, or when nobody knows its name. */
function after(target: Target, { kind, node }: Statement): Target | undefined {
  if (kind === "DropStmt") return A_PART.test(String(node.removeType)) ? target : undefined;
  if (kind === "AlterObjectSchemaStmt") return { ...target, schema: String(node.newschema) };
  if (kind !== "RenameStmt" || A_PART.test(String(node.renameType))) return target;
  // The name of a function holds its arguments too.
  return target.sort === "function" ? undefined : { ...target, name: String(node.newname) };
}

export function trackMade(): Made {
  const made = new Map<string, Target>();
  const filled = trackFilled();
  const indexes = trackIndexes();
  const settled = new Set<string>();
  const has = (target: Target): boolean =>
    made.has(key(target)) || (target.schema !== undefined && made.has(home(target.schema)));
  const forget = (which: (target: Target) => boolean): void => {
    for (const [id, target] of made) if (which(target)) made.delete(id);
  };
  const note = (statement: Statement): void => {
    filled.note(statement);
    indexes.note(statement);
    for (const mark of settledBy(statement)) settled.add(mark);
    // A rollback to a savepoint may have taken it back.
    if (statement.kind === "TransactionStmt" || statement.kind === "DiscardStmt") made.clear();
    if (movesSearchPath(statement)) forget(({ sort, schema }) => sort !== "schema" && schema === undefined);
    for (const target of changedBy(statement).filter(has)) {
      made.delete(key(target));
      const next = after(target, statement);
      if (next !== undefined) made.set(key(next), next);
    }
    for (const target of madeBy(statement)) made.set(key(target), target);
  };
  return { has, filled, indexes, settled: (mark) => settled.has(mark), note };
}

/** As if all of `before` had been applied long ago: clients use what it has made, and what it says of that still holds. */
export function madeLongAgo(before: Made): Made {
  const made = trackMade();
  return {
    ...made,
    indexes: { get: (name) => made.indexes.get(name) ?? before.indexes.get(name) },
    settled: (mark) => made.settled(mark) || before.settled(mark),
  };
}
