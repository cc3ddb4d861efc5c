import { compareNames } from "../migrations/listing.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Entry, HistoryState } from "./state.ts";

/** How the files and the history stand to each other. */
export interface Comparison {
  readonly applied: readonly Entry[];
  readonly pending: readonly MigrationFile[];
  /** In the database and later than every file: this set is older than the database. */
  readonly ahead: readonly Entry[];
  readonly changed: readonly { readonly file: MigrationFile; readonly entry: Entry }[];
  /** In the database, not among the files, although later files are there. */
  readonly missing: readonly Entry[];
  /** Pending, and before one that is applied. */
  readonly outOfOrder: readonly { readonly file: MigrationFile; readonly after: string }[];
  /** Begun without a transaction, and neither finished nor undone. */
  readonly unfinished: readonly Entry[];
}

const NOTHING: Omit<Comparison, "applied"> = {
  pending: [],
  ahead: [],
  changed: [],
  missing: [],
  outOfOrder: [],
  unfinished: [],
};

/** Those that were applied after every one that is among the files. */
function entriesAfter(applied: readonly Entry[], files: ReadonlyMap<string, MigrationFile>): readonly Entry[] {
  return applied.slice(applied.findLastIndex((entry) => files.has(entry.name)) + 1);
}

/** Pending files that sort before the newest that is applied, unless they were begun already. */
function tooLate(
  pending: readonly MigrationFile[],
  { applied, unfinished }: { readonly applied: readonly Entry[]; readonly unfinished: readonly Entry[] },
): Comparison["outOfOrder"] {
  const open = pending.filter((file) => !unfinished.some((entry) => entry.name === file.name));
  if (open.length === 0 || applied.length === 0) return [];
  const after = applied.map((entry) => entry.name).reduce((a, b) => (compareNames(a, b) < 0 ? b : a));
  return open.filter((file) => compareNames(file.name, after) < 0).map((file) => ({ file, after }));
}

/** Pure: reads nothing and writes nothing. `files` are in order. */
export function compare(files: readonly MigrationFile[], history: HistoryState): Comparison {
  if (history.exactly === files) return { ...NOTHING, applied: history.entries };
  const byName = new Map(files.map((file) => [file.name, file]));
  const applied = history.entries.filter((entry) => entry.state === "applied");
  const unfinished = history.entries.filter((entry) => entry.state !== "applied");
  const taken = new Set(applied.map((entry) => entry.name));
  const pending = files.filter((file) => !taken.has(file.name));
  const last = files.at(-1)?.name;
  const strangers = applied.filter((entry) => !byName.has(entry.name));
  const isLater = (entry: Entry) => last === undefined || compareNames(entry.name, last) > 0;
  // Merged late, so numbered before files that were applied first: an older set does not know it either.
  const appliedLast = pending.length === 0 ? entriesAfter(applied, byName) : [];
  const isAhead = (entry: Entry) => isLater(entry) || appliedLast.includes(entry);
  return {
    applied,
    pending,
    ahead: strangers.filter(isAhead),
    missing: strangers.filter((entry) => !isAhead(entry)),
    changed: applied.flatMap((entry) => {
      const file = byName.get(entry.name);
      return file === undefined || entry.checksum === null || entry.checksum === file.checksum ? [] : [{ file, entry }];
    }),
    outOfOrder: tooLate(pending, { applied, unfinished }),
    unfinished,
  };
}
