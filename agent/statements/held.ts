import type { Statement } from "../migrations/parser.ts";
import { list, type Node } from "../migrations/tree.ts";
import type { Migration } from "../migrations/types.ts";
import { type TableName, tableNamed, tableOf } from "./alter.ts";
import { LOCK_MODES, type LockMode } from "./lock-modes.ts";
import { type LockFact, lockOf } from "./locks.ts";
import type { Made } from "./made.ts";
import { movedBy } from "./names.ts";
import { changedBy } from "./targets.ts";

/** The file that a statement stands in. */
interface File {
  readonly made: Pick<Made, "has">;
  readonly migration: Pick<Migration, "transaction">;
}

/** A lock that keeps writers out of a table that was there before, or readers too, until the file commits. */
interface Taken {
  /** As it is called now: a rename in the same file changes that. */
  readonly table: TableName;
  /** As SQL wrote it when the lock was taken. */
  readonly wasCalled: string;
  readonly mode: LockMode;
  /** Of the statement that took it. */
  readonly line: number | undefined;
}

export interface Hold extends Taken {
  /** A later one has a higher number, and keeps it when its table is renamed. */
  readonly order: number;
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
export function holdsOf(statement: Statement, { made, migration }: File): readonly Taken[] {
  const tables = migration.transaction ? tablesLocked(statement).filter(({ target }) => !made.has(target)) : [];
  if (tables.length === 0) return [];
  const { locks } = factOf(statement);
  return tables.flatMap((table) => {
    const mode = locks.find((one) => one.table === table.sql)?.lock;
    return mode !== undefined && isAtLeast(mode, "SHARE")
      ? [{ table, wasCalled: table.sql, mode, line: statement.line }]
      : [];
  });
}

/** The name of a table before the statement, and after it: none once it is dropped. */
function nameChanges(statement: Statement): readonly (readonly [string, TableName | undefined])[] {
  const { removeType, renameType, objectType } = statement.node;
  if (![removeType, renameType, objectType].includes("OBJECT_TABLE")) return [];
  const after = movedBy(statement).map(tableNamed);
  return /^(Drop|Rename|AlterObjectSchema)Stmt$/.test(statement.kind)
    ? changedBy(statement).map((target, at) => [tableNamed(target).sql, after[at]] as const)
    : [];
}

export function trackHeld(subject: File): Held {
  const holds = new Map<string, Hold>();
  let locks: readonly Hold[] = [];
  let order = 0;
  return {
    get locks() {
      return locks;
    },
    note(statement) {
      const taken = holdsOf(statement, subject);
      const changes = nameChanges(statement);
      for (const one of taken) {
        const before = holds.get(one.table.sql);
        if (before !== undefined && isAtLeast(before.mode, one.mode)) continue;
        order += 1;
        holds.set(one.table.sql, { ...one, order });
      }
      for (const [name, table] of changes) {
        const hold = holds.get(name);
        holds.delete(name);
        if (hold !== undefined && table !== undefined) holds.set(table.sql, { ...hold, table });
      }
      if (taken.length + changes.length > 0) locks = [...holds.values()];
    },
  };
}

/** ` since line 3`; empty where lines are not known. */
export const since = (line: number | undefined): string => (line === undefined ? "" : ` since line ${line}`);
