import { cutSaying } from "../lib/cut.ts";
import { type MigrationRecord, MOST_CHANGES, type Report } from "./report.ts";

/** What one report keeps at most, so that ten thousand migrations, or one endless message, still make a row of some MB. */
const MOST = { locks: 5_000, items: MOST_CHANGES, listChars: 2_000_000, textChars: 20_000 } as const;

const cut = (text: string): string => cutSaying(text, MOST.textChars);

/** The same of every text in it. */
const cutIn = <T extends object>(item: T): T => {
  const entries = Object.entries(item).map(([key, value]) => [key, typeof value === "string" ? cut(value) : value]);
  return Object.fromEntries(entries) as T;
};

/** Counts what is left out, by the part that it is left out of. */
class Bound {
  readonly leftOut: Record<string, number>;
  #locks: number = MOST.locks;

  constructor({ leftOut }: Report) {
    this.leftOut = { ...leftOut };
  }

  #left(part: string, amount: number): void {
    if (amount > 0) this.leftOut[part] = (this.leftOut[part] ?? 0) + amount;
  }

  /** The first of a list, as long as there is room, with their texts cut. */
  list<T extends object | string>(part: string, list: readonly T[]): readonly T[] {
    const kept: T[] = [];
    let room: number = MOST.listChars;
    for (const item of list.slice(0, MOST.items)) {
      const short = (typeof item === "string" ? cut(item) : cutIn(item)) as T;
      room -= JSON.stringify(short).length;
      if (room < 0) break;
      kept.push(short);
    }
    this.#left(part, list.length - kept.length);
    return kept;
  }

  /** Names of migrations all stay; their locks as long as there is room for so many. */
  migrations(list: readonly MigrationRecord[]): readonly MigrationRecord[] {
    return list.map((one) => {
      if (one.locks === undefined) return one;
      const locks = one.locks.slice(0, this.#locks);
      this.#locks -= locks.length;
      this.#left("locks", one.locks.length - locks.length);
      return locks.length === one.locks.length ? one : { ...one, locks };
    });
  }
}

/** The report as it is kept: texts and lists end somewhere, and `leftOut` says what of. */
export function boundedReport(report: Report): Report {
  const bound = new Bound(report);
  const { error, drift, schema, expectations } = report;
  const bounded: Report = {
    ...report,
    stages: report.stages.map(cutIn),
    risks: bound.list("risks", report.risks),
    applied: bound.migrations(report.applied),
    reverted: bound.migrations(report.reverted),
    error: error && { ...cutIn(error), details: bound.list("details", error.details) },
    ...(drift === undefined ? {} : { drift: bound.list("drift", drift) }),
    ...(schema === undefined ? {} : { schema: bound.list("schema", schema) }),
    ...(expectations === undefined ? {} : { expectations: bound.list("expectations", expectations) }),
  };
  return Object.keys(bound.leftOut).length === 0 ? bounded : { ...bounded, leftOut: bound.leftOut };
}
