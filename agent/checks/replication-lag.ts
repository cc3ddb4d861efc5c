import type { Row } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Check, Obstacle } from "./check.ts";

/** Farther behind than a busy day explains. */
const BEHIND_MIB = 256;
const BEHIND_S = 30;
/** WAL that a slot keeps on the primary's disk. */
const KEPT_MIB = 1_024;

/**
 * Only where somebody is connected or a slot is there the position is asked for: not every platform tells it. A backup
 * is no standby, and what a slot keeps is known to everybody.
 */
const SQL = `SELECT coalesce(nullif(r.application_name, ''), 'pid ' || r.pid) AS name, coalesce(s.slot_type, 'physical') AS type,
 r.state IS NULL AS hidden, pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn)::float8 / 1048576 AS mib,
 extract(epoch FROM r.replay_lag)::float8 AS seconds, NULL AS status, true AS active, NULL::float8 AS room
FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid
WHERE r.state IS DISTINCT FROM 'backup' AND NOT pg_is_in_recovery()
UNION ALL SELECT slot_name, slot_type, false, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 / 1048576, NULL,
 coalesce(wal_status, 'reserved'), active, safe_wal_size::float8 / 1048576
FROM pg_replication_slots WHERE NOT pg_is_in_recovery()`;

const isSlot = ({ status }: Row): boolean => status !== null;

/** Null is no lag: nothing is known of it. */
const isBehind = ({ mib, seconds }: Row): boolean => Number(mib) > BEHIND_MIB || Number(seconds) > BEHIND_S;

/** Nearer to the end of what max_slot_wal_keep_size lets it keep than to the beginning. */
const isTight = ({ mib, room }: Row): boolean => room !== null && Number(room) < Number(mib);

const isHeavy = (row: Row): boolean =>
  row.status === "lost" || row.status === "unreserved" || Number(row.mib) > KEPT_MIB || isTight(row);

const follower = ({ name, type }: Row): string =>
  type === "logical" ? `the subscriber ${name}` : `the standby ${name}`;

function describe(row: Row): string {
  const mib = Math.round(Number(row.mib));
  if (!isSlot(row)) {
    const time = Number(row.seconds) < 1 ? "" : ` and ${Math.round(Number(row.seconds))} s`;
    return `${follower(row)} is ${mib} MiB${time} behind`;
  }
  const slot = `the ${row.type} slot ${row.name}`;
  if (row.status === "lost") return `${slot} is lost: WAL that its reader still wants is gone`;
  const idle = row.active === true ? "" : ", and nobody reads it";
  const near = row.room === null ? "" : `; it is lost after ${Math.max(0, Math.round(Number(row.room)))} MiB more`;
  return `${slot} keeps ${mib} MiB of WAL${idle}${near}`;
}

function fixFor(rows: readonly Row[]): string {
  const idle = rows.filter((row) => isSlot(row) && row.active !== true);
  const drops = idle.map(({ name }) => `SELECT pg_drop_replication_slot(${quoteLiteral(String(name))});`);
  return `let them catch up first${drops.length === 0 ? "" : `; a slot whose reader never comes back: ${drops.join(" ")}`}`;
}

const unseen = (hidden: number, role: string): Obstacle => ({
  severity: "unknown",
  what: `${hidden === 1 ? "1 standby or subscriber is" : `${hidden} standbys or subscribers are`} connected, and this role may not see how far behind`,
  fix: `as an administrator: GRANT pg_read_all_stats TO ${quoteIdentifier(role)}`,
});

/** Standbys, subscribers and slots that a big change would leave even farther behind. */
export const replicationLag: Check = {
  name: "replication-lag",
  when: "EXISTS (SELECT FROM pg_stat_get_wal_senders()) OR EXISTS (SELECT FROM pg_get_replication_slots())",
  async run({ session }) {
    const rows = await session.query(SQL);
    const late = rows.filter((row) => (isSlot(row) ? isHeavy(row) : isBehind(row)));
    const hidden = rows.filter((row) => row.hidden === true).length;
    if (late.length === 0) return hidden === 0 ? undefined : unseen(hidden, session.facts.role);
    return {
      severity: "warning",
      what: `${late.map(describe).join("; ")}. What a migration writes comes on top: a table that is rewritten, and every index that is built, with its whole size`,
      fix: fixFor(late),
    };
  },
};
