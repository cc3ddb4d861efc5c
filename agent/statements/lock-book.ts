import { asNode } from "../migrations/tree.ts";
import { type TableName, tableOf } from "./alter.ts";
import type { Catalog, Relation } from "./lock-catalog.ts";
import { isStronger, LOCK_MODES, type LockMode, type TableLock } from "./lock-modes.ts";
import type { Made } from "./made.ts";

/** What is known round a statement. */
export interface World {
  /** Undefined without a database. */
  readonly catalog?: Catalog | undefined;
  /** What the statements before it have made; undefined: nothing. */
  readonly made?: Made | undefined;
}

/** Whether the tables below are locked as well: always, unless the statement says ONLY, or never. */
export type Reach = "all" | "as written" | "itself";

/** Where the locks of one statement are written down. */
export interface Book {
  readonly world: World;
  /** Gives what the catalog says of it; undefined for a new table and without a catalog. */
  take(relation: unknown, lock: LockMode, reach?: Reach): Relation | undefined;
  /** By their names from the catalog. */
  also(tables: readonly string[], lock: LockMode): void;
  /** A lock on something that nobody can name here. */
  somewhere(lock: LockMode): void;
  /** There may be more that nobody can tell. */
  more(): void;
  isNew(relation: unknown): boolean;
  /** The strongest first; of equals, those that were taken first. */
  readonly locks: () => readonly TableLock[];
  readonly unnamed: () => LockMode | null;
  readonly complete: () => boolean;
}

const NO_TABLE = new Set(["i", "I", "S", "c", "t"]);

/** In Headgate's image of the world an unknown name is a table: it may come from an earlier statement of the set. */
export function openBook(world: World): Book {
  const held = new Map<string, TableLock>();
  let unnamed: LockMode | null = null;
  let complete = true;
  const note = (key: string, table: string, lock: LockMode): void => {
    const before = held.get(key);
    if (before === undefined || isStronger(lock, before.lock)) held.set(key, { table: before?.table ?? table, lock });
  };
  const lookUp = ({ target }: TableName) => world.catalog?.relation(target.name, target.schema);
  const isNew = (relation: unknown) => world.made?.has(tableOf(relation).target) === true;
  return {
    world,
    take(relation, lock, reach = "itself") {
      if (isNew(relation)) return undefined;
      const table = tableOf(relation);
      const found = lookUp(table);
      if (found !== undefined && NO_TABLE.has(found.kind)) return found;
      note(found?.name ?? table.sql, table.sql, lock);
      const isOnly = asNode(relation).inh !== true;
      if (reach === "all" || (reach === "as written" && !isOnly))
        for (const below of found?.below ?? []) note(below, below, lock);
      return found;
    },
    also(tables, lock) {
      for (const table of tables) note(table, table, lock);
    },
    somewhere(lock) {
      if (unnamed === null || isStronger(lock, unnamed)) unnamed = lock;
      complete = false;
    },
    more() {
      complete = false;
    },
    isNew,
    locks: () => [...held.values()].toSorted((a, b) => LOCK_MODES.indexOf(b.lock) - LOCK_MODES.indexOf(a.lock)),
    unnamed: () => unnamed,
    complete: () => complete,
  };
}
