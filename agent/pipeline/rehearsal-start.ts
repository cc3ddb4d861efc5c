import type { MigrationFile } from "../migrations/types.ts";

/** Where a rehearsal begins. */
export interface Start {
  /** The whole set, in its order. */
  readonly files: readonly MigrationFile[];
  /** Those of it that are rehearsed, in their order. */
  readonly pending: readonly MigrationFile[];
  /** Names of what is applied, in the order in which it was. */
  readonly applied: readonly string[];
  /** The tables hold rows. */
  readonly rows: boolean;
}

export const fromNothing = (files: readonly MigrationFile[]): Start => ({
  files,
  pending: files,
  applied: [],
  rows: false,
});

/** What is applied, and the first `amount` of what was pending: to these files nothing is pending beyond them. */
export function filesUpTo({ files, pending }: Start, amount: number): readonly MigrationFile[] {
  const open = new Set(pending.slice(amount).map(({ name }) => name));
  return files.filter(({ name }) => !open.has(name));
}

/** What stays when everything after the first `amount` of what was pending goes; undefined when all does. */
export const staysAt = ({ pending, applied }: Start, amount: number): string | undefined =>
  pending[amount - 1]?.name ?? applied.at(-1);
