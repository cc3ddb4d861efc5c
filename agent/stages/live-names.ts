import type { DownEffect } from "../migrations/types.ts";

/** A table, or a column of one. */
export interface Place {
  readonly table: string;
  readonly column: string | undefined;
}

interface Renamed {
  /** As the rest of the way back calls it. */
  readonly seen: Place;
  /** As it is called now. */
  readonly live: Place;
}

const bare = (table: string): string => table.slice(table.lastIndexOf(".") + 1);

const same = (a: Place, b: Place): boolean => a.table === b.table && a.column === b.column;

/** The same but for the schema, which one of them may leave to the search_path. */
const alike = (a: Place, b: Place): boolean => bare(a.table) === bare(b.table) && a.column === b.column;

/** Names as down scripts see them in the middle of a way back, and as they are before it. */
export class LiveNames {
  readonly #renamed: Renamed[] = [];

  rename({ table, to, column }: Extract<DownEffect, { kind: "rename" }>): void {
    const was = this.find({ table, column }) ?? { table, column };
    const seen = column === undefined ? { table: to, column } : { table: was.table, column: to };
    this.#renamed.unshift({ seen, live: was });
  }

  /** What it is called now; undefined when that cannot be told for sure. */
  find({ table, column }: Place): Place | undefined {
    const owner = this.#look({ table, column: undefined });
    if (owner === undefined || column === undefined) return owner;
    return this.#look({ table: owner.table, column });
  }

  #look(place: Place): Place | undefined {
    const found = this.#renamed.find(({ seen }) => same(seen, place));
    if (found !== undefined) return found.live;
    return this.#renamed.some(({ seen }) => alike(seen, place)) ? undefined : place;
  }
}
