import type { Row } from "../postgres/client.ts";
import type { Check } from "./check.ts";

/** Seconds after which a transaction is no longer one of a request. */
const LONG_S = 60;

const IN_THE_WAY = `(clock_timestamp() - a.xact_start > interval '${LONG_S} seconds' OR a.application_name ~* '^(pg_dump|pg_dumpall)')`;

/** Other people's, and none of Headgate's own: a dump holds a lock on every table until it ends. */
const SQL = `SELECT pid, application_name, usename, state, extract(epoch FROM clock_timestamp() - xact_start)::int AS seconds,
 application_name ~* '^(pg_dump|pg_dumpall|pg_basebackup)' AS dump
FROM pg_stat_activity AS a WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
 AND application_name NOT LIKE 'headgate:%' AND backend_type = 'client backend'
 AND ${IN_THE_WAY}
ORDER BY xact_start LIMIT 5`;

const describe = ({ pid, application_name: name, usename, state, seconds, dump }: Row): string =>
  `pid ${pid} (${[name, usename, state].filter((part) => part !== null && part !== "").join(", ")}) for ${seconds} s${dump === true ? ", a dump" : ""}`;

/** Transactions that hold their locks for long: a migration that needs one of them waits, and CONCURRENTLY waits for all. */
export const longTransactions: Check = {
  name: "long-transactions",
  when: `EXISTS (SELECT FROM pg_stat_get_activity(NULL) AS a WHERE ${IN_THE_WAY})`,
  async run({ session }) {
    const rows = await session.query(SQL);
    if (rows.length === 0) return undefined;
    return {
      severity: "warning",
      what: `open transactions that a migration may have to wait for: ${rows.map(describe).join("; ")}`,
      fix: "wait until they have ended, or end the one that nobody needs: SELECT pg_terminate_backend(PID)",
    };
  },
};
