/** CREATE EXTENSION, as a statement says it. */
export interface WantedExtension {
  readonly name: string;
  /** Left out: the server's default. */
  readonly version?: string;
  /** IF NOT EXISTS: it may be there already. */
  readonly mayBeThere?: true;
  /** Of the file, from 1; undefined where the SQL was generated. */
  readonly line?: number;
}

/** A table, view, sequence or index that only its owner may change, as a statement names it. */
export interface WantedRelation {
  readonly name: string;
  /** Left out: search_path decides. */
  readonly schema?: string;
  /** It is dropped, which the owner of its schema may do too. */
  readonly drops?: true;
  readonly line?: number;
}

/** What the up SQL of a migration needs to find in the database, and what it settles itself for those after it. JSON. */
export interface Wants {
  readonly extensions: readonly WantedExtension[];
  readonly relations: readonly WantedRelation[];
  /** Names of relations that afterwards stand for something else than the catalog shows before the run. */
  readonly settled: readonly string[];
  /** Afterwards other roles may own other things: nothing can be said of the relations of later migrations. */
  readonly reshuffles: boolean;
}
