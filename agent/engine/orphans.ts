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
}

interface Orphan {
  readonly pid: number;
  readonly pod: string;
}

/** A Job starts a pod when the one before is gone for good, so its session belongs to nobody. */
const orphansSql = (names: Names, pod: Pod, pids: readonly number[]): string =>
  `SELECT DISTINCT backend_pid AS pid, pod FROM ${names.run} WHERE job_uid = ${quoteLiteral(pod.jobUid)} AND pod <> ${quoteLiteral(pod.name)}
 AND outcome = 'running' AND backend_pid IN (${pids.join(", ")})`;

async function findOrphans(client: Client, { names, pod }: OrphanPolicy, pids: readonly number[]): Promise<Orphan[]> {
  if (pids.length === 0 || pod.jobUid === "") return [];
  try {
    const rows = await client.query(orphansSql(names, pod, pids));
    return rows.map((row) => ({ pid: Number(row.pid), pod: String(row.pod) }));
  } catch (error) {
    // No table yet, or one that an older Headgate made.
    if (isState(error, SQLSTATE.undefinedTable, SQLSTATE.invalidSchemaName, SQLSTATE.undefinedColumn)) return [];
    throw error;
  }
}

/** Names the orphans among the holders of the lock, and ends them where the policy says so. Gives a sentence for each. */
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
  for (const { pid, pod } of found) {
    log.warn(`ending pid ${pid}, left behind by ${pod}, an earlier pod of this Job (migrate.orphans: terminate)`);
    await client.query(`SELECT pg_terminate_backend(${pid})`);
  }
  return [];
}
