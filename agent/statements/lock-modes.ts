import { isRecord } from "../lib/records.ts";

/** Lock modes as PostgreSQL's documentation spells them, weakest first. */
export const LOCK_MODES = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** What running clients notice while the lock is held. */
export const FELT: Readonly<Record<LockMode, string>> = {
  "ACCESS SHARE": "nobody waits",
  "ROW SHARE": "nobody waits",
  "ROW EXCLUSIVE": "nobody waits, but for the same rows",
  "SHARE UPDATE EXCLUSIVE": "reads and writes go on",
  SHARE: "writes wait",
  "SHARE ROW EXCLUSIVE": "writes wait",
  EXCLUSIVE: "writes wait",
  "ACCESS EXCLUSIVE": "reads and writes wait",
};

/** A lock on a table, a view or a materialized view. */
export interface TableLock {
  readonly table: string;
  readonly lock: LockMode;
}

export const isStronger = (one: LockMode, other: LockMode): boolean =>
  LOCK_MODES.indexOf(one) > LOCK_MODES.indexOf(other);

/** `AccessExclusiveLock`, as pg_locks spells it. */
const AS_IN_PG_LOCKS = new Map<string, LockMode>(
  LOCK_MODES.map((mode) => [
    `${mode.toLowerCase().replaceAll(/(?:^| )(.)/g, (_, first: string) => first.toUpperCase())}Lock`,
    mode,
  ]),
);

export const lockModeOf = (name: unknown): LockMode | undefined => AS_IN_PG_LOCKS.get(String(name));

function toLock(value: unknown): TableLock[] {
  const lock = isRecord(value) ? lockModeOf(value.mode) : undefined;
  return isRecord(value) && lock !== undefined ? [{ table: String(value.relation), lock }] : [];
}

/**
 * What the column `locks` of the history holds: the strongest of each table, strongest first, without Headgate's own tables;
 * undefined where nobody has looked, and none where nobody had to.
 */
export function locksSeen(value: unknown, ownSchema: string): TableLock[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const isOwn = ({ table }: TableLock) => table.replaceAll('"', "").startsWith(`${ownSchema}.`);
  const locks = value.flatMap(toLock).filter((lock) => !isOwn(lock));
  const sorted = locks.sort((a, b) => LOCK_MODES.indexOf(b.lock) - LOCK_MODES.indexOf(a.lock));
  return sorted.filter(({ table }, at) => sorted.findIndex((one) => one.table === table) === at);
}

export const strongest = (modes: readonly (LockMode | null)[]): LockMode | null =>
  modes.reduce<LockMode | null>(
    (best, mode) => (mode !== null && (best === null || isStronger(mode, best)) ? mode : best),
    null,
  );

/** Yes, no, or null where nobody can tell from what is known. */
export type Tri = boolean | null;

/** Yes if one of them says so; else null if one of them cannot tell. */
export const anyOf = (answers: readonly Tri[]): Tri =>
  answers.includes(true) ? true : answers.includes(null) ? null : false;
