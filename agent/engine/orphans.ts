import type { Names } from "../history/schema.ts";
import type { Log } from "../lib/log.ts";
import type { Client } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Pod } from "../settings/release.ts";

/** What to do about a session that an earlier pod of the same Job has left on the server. */
export interface OrphanPolicy {
  readonly policy: "wait" | "terminate";
  readonly pod: Pod;
  readonly names: Names;
  /** When this pod's session began, by the server's clock. */
  readonly connectedAt: string;
}

interface Orphan {
  readonly pid: number;
  readonly pod: string;
  /** When its run began, by the server's clock. */
  readonly startedAt: string;
}

/**
 * A Job starts a pod when the one before is gone for good, so its session belongs to nobody. Only runs from before this
 * one: a pod that was cut off and comes back must not take its successor for an orphan.
 */
const orphansSql = ({ names, pod, connectedAt }: OrphanPolicy, pids: readonly number[]): string =>
  `SELECT DISTINCT ON (backend_pid) backend_pid AS pid, pod, started_at::text FROM ${names.run}
 WHERE job_uid = ${quoteLiteral(pod.jobUid)} AND pod <> ${quoteLiteral(pod.name)} AND outcome = 'running' AND backend_pid IN (${pids.join(", ")})
 AND started_at < coalesce((SELECT min(started_at) FROM ${names.run} WHERE job_uid = ${quoteLiteral(pod.jobUid)} AND pod = ${quoteLiteral(pod.name)}), ${quoteLiteral(connectedAt)}::timestamptz)
 ORDER BY backend_pid, started_at DESC`;

async function findOrphans(client: Client, orphans: OrphanPolicy, pids: readonly number[]): Promise<Orphan[]> {
  if (pids.length === 0 || orphans.pod.jobUid === "") return [];
  try {
    const rows = await client.query(orphansSql(orphans, pids));
    return rows.map((row) => ({ pid: Number(row.pid), pod: String(row.pod), startedAt: String(row.started_at) }));
  } catch (error) {
    // No table yet, or one that an older Headgate made.
    if (isState(error, SQLSTATE.undefinedTable, SQLSTATE.invalidSchemaName, SQLSTATE.undefinedColumn)) return [];
    throw error;
  }
}

/** Milliseconds in which a session that is told to end has ended, as a rule. */
const END_MS = 3_000;

/**
 * As the login role, which the orphan had too. A process number may be another session's by now: one that began after
 * the orphan's run.
 */
const endSql = ({ pid, startedAt }: Orphan): string =>
  `BEGIN; SET LOCAL ROLE NONE; SELECT pg_terminate_backend(pid, ${END_MS}) AS ended FROM pg_stat_activity
 WHERE pid = ${pid} AND backend_start < ${quoteLiteral(startedAt)}::timestamptz; COMMIT`;

/** Ends it; gives a sentence when it stays. */
async function end(client: Client, orphan: Orphan, log: Log): Promise<string[]> {
  const { pid, pod } = orphan;
  const who = `pid ${pid}, left behind by ${pod}, an earlier pod of this Job`;
  try {
    const [row] = await client.query(endSql(orphan));
    if (row?.ended === true) log.warn(`ended ${who} (migrate.orphans: terminate)`);
    return row?.ended === false ? [`${who}, was told to end and has not yet`] : [];
  } catch (error) {
    if (!isState(error, SQLSTATE.insufficientPrivilege)) throw error;
    await client.query("ROLLBACK");
    return [`${who}, may not be ended by this login: GRANT pg_signal_backend to it`];
  }
}

/** Names the orphans among the holders of the lock, and ends them where the policy says so. Gives a sentence for each that stays. */
export async function settleOrphans(
  client: Client,
  orphans: OrphanPolicy | undefined,
  { pids, log }: { readonly pids: readonly number[]; readonly log: Log },
): Promise<string[]> {
  if (orphans === undefined) return [];
  const found = await findOrphans(client, orphans, pids);
  if (orphans.policy === "wait") {
    return found.map(
      ({ pid, pod }) =>
        `pid ${pid} was left behind by ${pod}, an earlier pod of this Job; migrate.orphans: terminate would end it`,
    );
  }
  const stays: string[] = [];
  for (const orphan of found) stays.push(...(await end(client, orphan, log)));
  return stays;
}
