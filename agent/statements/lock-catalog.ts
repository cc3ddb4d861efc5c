import type { Tri } from "./lock-modes.ts";

/** A foreign key. Tables as SQL writes them, columns bare. */
export interface ForeignKey {
  readonly name: string;
  readonly from: string;
  readonly columns: readonly string[];
  readonly to: string;
  readonly toColumns: readonly string[];
  /** Deleting a referenced row changes rows here: CASCADE, SET NULL, SET DEFAULT. */
  readonly acts: boolean;
}

/** What the catalog says of one relation that a statement names. All names of tables as SQL writes them. */
export interface Relation {
  readonly name: string;
  /** pg_class.relkind */
  readonly kind: string;
  readonly unlogged: boolean;
  /** All partitions and inheriting tables below it. */
  readonly below: readonly string[];
  readonly parent: string | undefined;
  /** The default partition beside it, of its parent. */
  readonly defaultBeside: string | undefined;
  /** Its own default partition. */
  readonly defaultBelow: string | undefined;
  /** What a view or a materialized view reads, through other views too. */
  readonly reads: readonly string[];
  /** The table of an index, and the tables below it. */
  readonly indexed: readonly string[];
  /** Those that lead from here and to here. */
  readonly foreignKeys: readonly ForeignKey[];
  readonly columns: readonly string[];
  /** Columns that are NOT NULL, or kept so by a trusted CHECK. */
  readonly filled: readonly string[];
  /** Names of constraints that are trusted already. */
  readonly valid: readonly string[];
  /** Somebody's own trigger fires when rows change. */
  readonly triggers: boolean;
}

/** A thing that a statement drops, as a question to the catalog. */
export interface Dropped {
  readonly sort: "relation" | "column" | "constraint" | "type" | "function" | "schema" | "statistics";
  readonly schema: string | undefined;
  readonly name: string;
  /** The column or constraint of the relation `name`. */
  readonly part?: string | undefined;
}

/** A type as a statement writes it. */
export interface TypeName {
  readonly schema: string | undefined;
  readonly name: string;
  readonly array: boolean;
  /** The numbers in brackets. */
  readonly sizes: readonly number[];
}

/** A change of a column's type as a question to the catalog; without `column`: a column of that type is added. */
export interface TypeChange {
  readonly schema: string | undefined;
  readonly table: string;
  readonly column: string | undefined;
  readonly to: TypeName;
}

/** What the database knows and a file does not, as it was when it was asked. */
export interface Catalog {
  /** server_version_num */
  readonly version: number;
  /** Undefined when there is none of that name. */
  readonly relation: (name: string, schema: string | undefined) => Relation | undefined;
  /** Tables and views that PostgreSQL opens to drop it, with whatever goes with it. */
  readonly dropped: (what: Dropped) => readonly string[];
  /** Whether the rows are written anew for it; null where it could not be found out. */
  readonly rewrites: (change: TypeChange) => Tri;
  /** Whether a function of that name may give each row a value of its own; null when there is none, or several that differ. */
  readonly isVolatile: (name: string, schema: string | undefined) => Tri;
  /** Foreign keys that lead to a table, by its name as the catalog writes it, and those that lead to where they come from. */
  readonly referring: (table: string) => readonly ForeignKey[];
  /** Tables with a column of that type or domain. */
  readonly usersOf: (type: string, schema: string | undefined) => readonly string[];
}

/** A comparable text of a question. */
export const keyOf = (question: object): string => JSON.stringify(question);
