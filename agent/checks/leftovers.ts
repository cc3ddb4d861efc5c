import { quoteIdentifier } from "../postgres/quote.ts";
import type { Check } from "./check.ts";

const HALF_RESTORED = "d.datname ~ '^headgate_restore_[0-9]{12}_'";

/**
 * What REINDEX CONCURRENTLY leaves behind when it is killed, copies that every write goes on filling; and the databases
 * that a restore has not come to rename, an hour old: a younger one may be at work between two connections.
 */
const SQL = `SELECT i.indexrelid::regclass::text AS name, 'index' AS kind FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
 AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
UNION ALL SELECT d.datname, 'database' FROM pg_database d WHERE ${HALF_RESTORED}
 AND substr(d.datname, 18, 12) < to_char(now() AT TIME ZONE 'UTC' - interval '1 hour', 'YYYYMMDDHH24MI')
 AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)
ORDER BY 2 DESC, 1 LIMIT 5`;

interface Kind {
  readonly kind: string;
  readonly what: string;
  readonly drop: (name: string) => string;
}

const KINDS: readonly Kind[] = [
  {
    kind: "index",
    what: "left behind by a REINDEX CONCURRENTLY that was killed, and slowing every write",
    drop: (name) => `DROP INDEX CONCURRENTLY ${name};`,
  },
  {
    kind: "database",
    what: "half-filled by a restore that was killed",
    drop: (name) => `DROP DATABASE ${quoteIdentifier(name)};`,
  },
];

/** What work that was killed has left: half-built copies of indexes, half-restored databases. */
export const leftovers: Check = {
  name: "leftovers",
  when: `EXISTS (SELECT FROM pg_index WHERE NOT indisvalid) OR EXISTS (SELECT FROM pg_database AS d WHERE ${HALF_RESTORED})`,
  async run({ session }) {
    const rows = await session.query(SQL);
    if (rows.length === 0) return undefined;
    const found = KINDS.map(({ kind, ...words }) => ({
      ...words,
      names: rows.filter((row) => row.kind === kind).map(({ name }) => String(name)),
    })).filter(({ names }) => names.length > 0);
    return {
      severity: "warning",
      what: found.map(({ what, names }) => `${what}: ${names.join(", ")}`).join("; "),
      fix: found.flatMap(({ drop, names }) => names.map(drop)).join(" "),
    };
  },
};
