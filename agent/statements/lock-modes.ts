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

/** A lock on a table, a view or a materialized view. */
export interface TableLock {
  readonly table: string;
  readonly lock: LockMode;
}

export const isStronger = (one: LockMode, other: LockMode): boolean =>
  LOCK_MODES.indexOf(one) > LOCK_MODES.indexOf(other);

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
