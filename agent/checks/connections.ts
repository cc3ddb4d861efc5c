import { quoteIdentifier } from "../postgres/quote.ts";
import type { Check } from "./check.ts";

const ROOM = `current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
 - coalesce(current_setting('reserved_connections', true)::int, 0)`;

const SQL = `SELECT ${ROOM} AS room,
 (SELECT count(*) FROM pg_stat_activity WHERE usename IS NOT NULL AND datid IS NOT NULL)::int AS used,
 (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user) AS own_limit,
 (SELECT count(*) FROM pg_stat_activity WHERE usename = session_user)::int AS own`;

/** A run holds one connection, and opens a second to look at what is in its way. */
const WANTED = 2;

/** Connections that are left, on the server and for this role. */
export const connections: Check = {
  name: "connections",
  // Counted with the server's own processes, which the second look leaves out.
  when: `${ROOM} - (SELECT count(*) FROM pg_stat_get_activity(NULL)) < ${WANTED} OR (SELECT rolconnlimit >= 0 FROM pg_roles WHERE rolname = session_user)`,
  async run({ session }) {
    const [row = {}] = await session.query(SQL);
    // This session is counted already.
    const left = Number(row.room) - Number(row.used) + 1;
    const ownLeft = Number(row.own_limit) < 0 ? left : Number(row.own_limit) - Number(row.own) + 1;
    if (Math.min(left, ownLeft) >= WANTED) return undefined;
    const [what, fix] =
      ownLeft < left
        ? [
            `the role may open ${ownLeft} of its ${row.own_limit} connections`,
            `ALTER ROLE ${quoteIdentifier(session.connection.user)} CONNECTION LIMIT ${Number(row.own) + WANTED}`,
          ]
        : [`${left} of the server's ${row.room} connections are left`, "close idle ones, or raise max_connections"];
    return {
      severity: "warning",
      what: `${what}, and a run wants ${WANTED}: without the second it cannot name what blocks it, nor cancel`,
      fix,
    };
  },
};
