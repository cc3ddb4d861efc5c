/** SQL that keeps the history in step with one migration, whichever way it goes. */
export interface Bookkeeping {
  /** Rows that commit together with the migration's SQL, given that SQL as it ran. */
  readonly record: (sql: string) => string;
  /** Without a transaction: the intent, committed before the first statement. */
  readonly intend: (sql: string) => string;
  /** Without a transaction: the end, after the last statement. */
  readonly finish: () => string;
  /** Takes the intent back: nothing was done. */
  readonly forget: () => string;
}
