import type { Statement } from "../migrations/parser.ts";
import { type Filled, trackFilled } from "./filled.ts";
import { type Indexes, trackIndexes } from "./indexes.ts";
import { movesSearchPath } from "./search-path.ts";
import { settledBy } from "./settled.ts";
import { A_PART, changedBy, madeBy, madeUnlessThere, type Target } from "./targets.ts";

/** What the statements so far have left behind: things that no older code can know, and columns that hold no NULL. */
export interface Made {
  readonly has: (target: Target) => boolean;
  readonly filled: Pick<Filled, "by">;
  readonly indexes: Pick<Indexes, "get">;
  /** Whether a statement so far has left this mark. */
  readonly settled: (mark: string) => boolean;
  /** The next file begins, with the run's own search_path. */
  readonly begin: () => void;
  /** Takes in what the next statement makes, renames, drops and secures. */
  readonly note: (statement: Statement) => void;
}

export interface MadeOptions {
  /** Schema of what is named without one, as long as no statement changes search_path. */
  readonly home?: string;
  /** Whether what is made IF NOT EXISTS was there before; true where nobody can say. */
  readonly wasThere?: (target: Target) => boolean;
}

const key = ({ sort, schema, name }: Target): string => JSON.stringify([sort, schema ?? null, name]);

/** Its schema is made: then everything in it is. */
const inside = (schema: string): string => key({ sort: "schema", schema: undefined, name: schema });

/** The target after the statement: undefined when it is gone, or when nobody knows its name. */
function after(target: Target, { kind, node }: Statement): Target | undefined {
  if (kind === "DropStmt") return A_PART.test(String(node.removeType)) ? target : undefined;
  if (kind === "AlterObjectSchemaStmt") return { ...target, schema: String(node.newschema) };
  if (kind !== "RenameStmt" || A_PART.test(String(node.renameType))) return target;
  // The name of a function holds its arguments too.
  return target.sort === "function" ? undefined : { ...target, name: String(node.newname) };
}

export function trackMade({ home = "public", wasThere = () => true }: MadeOptions = {}): Made {
  const made = new Map<string, Target>();
  let current: string | undefined = home;
  const placed = (target: Target): Target =>
    target.sort === "schema" ? target : { ...target, schema: target.schema ?? current };
  const filled = trackFilled();
  const indexes = trackIndexes();
  const settled = new Set<string>();
  const has = (target: Target): boolean => {
    const { schema } = placed(target);
    return made.has(key(placed(target))) || (schema !== undefined && made.has(inside(schema)));
  };
  const forget = (which: (target: Target) => boolean): void => {
    for (const [id, target] of made) if (which(target)) made.delete(id);
  };
  /** Names without a schema mean other things from here on. */
  const leaveHome = (next: string | undefined): void => {
    forget(({ sort, schema }) => sort !== "schema" && schema === undefined);
    current = next;
  };
  const note = (statement: Statement): void => {
    filled.note(statement);
    indexes.note(statement);
    for (const mark of settledBy(statement)) settled.add(mark);
    // A rollback to a savepoint may have taken it back.
    if (statement.kind === "TransactionStmt" || statement.kind === "DiscardStmt") made.clear();
    if (movesSearchPath(statement)) leaveHome(undefined);
    for (const target of changedBy(statement).filter(has).map(placed)) {
      made.delete(key(target));
      const next = after(target, statement);
      if (next !== undefined) made.set(key(next), next);
    }
    const maybe = madeUnlessThere(statement).filter((target) => !wasThere(target));
    for (const target of [...madeBy(statement), ...maybe].map(placed)) made.set(key(target), target);
  };
  return { has, filled, indexes, settled: (mark) => settled.has(mark), begin: () => leaveHome(home), note };
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
