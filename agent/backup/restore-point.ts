import { elapsed } from "../lib/clock.ts";
import { reasonOf } from "../lib/reason.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { type Backup, type BackupContext, backupFailed, type Subject } from "./context.ts";
import { backupName } from "./name.ts";

/** PostgreSQL's own limit, in bytes. */
const LONGEST = 63;

function refused(error: unknown, role: string) {
  const mayNot = isState(error, SQLSTATE.insufficientPrivilege);
  return backupFailed({
    what: `no restore point can be made: ${reasonOf(error)}`,
    fix: mayNot
      ? `as an administrator: GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO ${quoteIdentifier(role)}`
      : "mend what it says; it wants a primary whose wal_level is replica or more, and an archive of its WAL",
    cause: error,
  });
}

/** Names a point in the WAL, up to which an archive of it can be restored. */
export async function makeRestorePoint(
  { settings, log }: BackupContext,
  { session, planHash }: Subject,
): Promise<Backup> {
  const began = elapsed();
  const whole = backupName(new Date(), settings.history.target, planHash);
  const tail = whole.slice(-9);
  const name = whole.length <= LONGEST ? whole : `${whole.slice(0, LONGEST - tail.length)}${tail}`;
  const [row = {}] = await session
    .query(
      `SELECT pg_create_restore_point(${quoteLiteral(name)})::text AS lsn, current_setting('archive_mode') AS archiving`,
    )
    .catch((error: unknown) => {
      throw refused(error, session.facts.role);
    });
  if (row.archiving === "off")
    log.warn(
      "archive_mode is off on this server: without an archive of the WAL, or your provider's own, nothing can be restored to that point",
    );
  const { host, port } = session.connection;
  return {
    ...{ strategy: "restore-point", name, where: `the WAL of ${host}:${port}`, lsn: String(row.lsn) },
    ...{ bytes: undefined, sha256: undefined, durationMs: Math.round(elapsed() - began), verified: "no" },
  };
}
