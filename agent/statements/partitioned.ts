/** How a partitioned table, named as SQL writes it, gets an index while its clients go on: it takes none CONCURRENTLY. */
export const partByPart = (table: string): string =>
  `CREATE INDEX ... ON ONLY ${table} (...); then, in a file of its own with the line -- headgate: no-transaction, CREATE INDEX CONCURRENTLY ... on each partition of ${table}; then ALTER INDEX ... ATTACH PARTITION ... for each of them`;
