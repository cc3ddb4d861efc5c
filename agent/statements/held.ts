import type { Statement } from "../migrations/parser.ts";
import { list, type Node } from "../migrations/tree.ts";
import type { Migration } from "../migrations/types.ts";
import { type TableName, tableNamed, tableOf } from "./alter.ts";
import { LOCK_MODES, type LockMode } from "./lock-modes.ts";
import { type LockFact, lockOf } from "./locks.ts";
import type { Made } from "./made.ts";
import { changedBy } from "./targets.ts";

/** The file that a statement stands in. */
interface File {
  readonly made: Pick<Made, "has">;
  readonly migration: Pick<Migration, "transaction">;
}

/** A lock that keeps writers out of a table that was there before, or readers too, until the file commits. */
export interface Hold {
  readonly table: TableName;
  readonly mode: LockMode;
  /** Of the statement that took it. */
  readonly line: number | undefined;
}

/** What the statements of a file so far hold. Nothing in a file without a transaction. */
export interface Held {
  readonly locks: readonly Hold[];
  /** Takes in what the next statement holds; asked before `made` takes it in. */
  readonly note: (statement: Statement) => void;
}

const facts = new WeakMap<Statement, LockFact>();

/** lockOf without a database, asked once for each statement. */
export function factOf(statement: Statement): LockFact {
  const fact = facts.get(statement) ?? lockOf(statement);
  facts.set(statement, fact);
  return fact;
}

type Tables = readonly TableName[];
const relation = (node: Node): Tables => (node.relation === undefined ? [] : [tableOf(node.relation)]);
const ifTable =
  (...keys: readonly string[]) =>
  (node: Node): Tables =>
    keys.some((key) => /^OBJECT_(TABLE|TABCONSTRAINT)$/.test(String(node[key]))) ? relation(node) : [];
const all = (node: Node): Tables => list(node.relations).map(tableOf);
const policyTable = ({ table }: Node): Tables => [tableOf(table)];

// Without DROP TABLE: who still names what goes does not wait, but fails.
const lockedBy: Readonly<Record<string, (node: Node) => Tables>> = {
  AlterTableStmt: ifTable("objtype"),
  RenameStmt: ifTable("renameType", "relationType"),
  AlterObjectSchemaStmt: ifTable("objectType"),
  IndexStmt: relation,
  CreateTrigStmt: relation,
  RuleStmt: relation,
  ClusterStmt: relation,
  CreatePolicyStmt: policyTable,
  AlterPolicyStmt: policyTable,
  TruncateStmt: all,
  LockStmt: all,
};

function tablesLocked(statement: Statement): Tables {
  const { kind, node } = statement;
  if (kind === "DropStmt" && /^OBJECT_(TRIGGER|POLICY|RULE)$/.test(String(node.removeType)))
    return changedBy(statement).map(tableNamed);
  return lockedBy[kind]?.(node) ?? [];
}

const isAtLeast = (mode: LockMode, least: LockMode): boolean => LOCK_MODES.indexOf(mode) >= LOCK_MODES.indexOf(least);

/** The locks that this statement takes and the file then holds. */
export function holdsOf(statement: Statement, { made, migration }: File): Hold[] {
  const tables = migration.transaction ? tablesLocked(statement).filter(({ target }) => !made.has(target)) : [];
  if (tables.length === 0) return [];
  const { locks } = factOf(statement);
  return tables.flatMap((table) => {
    const mode = locks.find((one) => one.table === table.sql)?.lock;
    return mode !== undefined && isAtLeast(mode, "SHARE") ? [{ table, mode, line: statement.line }] : [];
  });
}

export function trackHeld(subject: File): Held {
  const locks: Hold[] = [];
  const places = new Map<string, number>();
  return {
    locks,
    note(statement) {
      for (const hold of holdsOf(statement, subject)) {
        const place = places.get(hold.table.sql) ?? locks.length;
        const before = locks[place];
        if (before !== undefined && isAtLeast(before.mode, hold.mode)) continue;
        places.set(hold.table.sql, place);
        locks[place] = hold;
      }
    },
  };
}

/** ` since line 3`; empty where lines are not known. */
export const since = (line: number | undefined): string => (line === undefined ? "" : ` since line ${line}`);
