import type { Client } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Pod } from "../settings/release.ts";
import type { Names } from "./schema.ts";

export interface LaterJob {
  readonly command: string;
  readonly pod: string;
  readonly revision: number;
}

/** The newest run that another Job of the same release has finished since this Job's first try; undefined when none has. */
export async function laterJob(client: Client, names: Names, pod: Pod): Promise<LaterJob | undefined> {
  const [uid, release, namespace] = [pod.jobUid, pod.release.name, pod.namespace].map(quoteLiteral);
  const [row] = await client.query(
    `SELECT command, pod, revision FROM ${names.run} WHERE target = ${names.target} AND release = ${release} AND namespace = ${namespace}
 AND job_uid <> ${uid} AND outcome = 'done' AND command IN ('migrate', 'revert')
 AND id > (SELECT min(id) FROM ${names.run} WHERE job_uid = ${uid}) ORDER BY id DESC LIMIT 1`,
  );
  if (row === undefined) return undefined;
  return { command: String(row.command), pod: String(row.pod), revision: Number(row.revision) };
}
