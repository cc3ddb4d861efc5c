import type { Particulars } from "../errors/headgate-error.ts";
import { meter, provedArchive } from "./archive.ts";
import { findReader } from "./clients.ts";
import { type BackupContext, badBackup } from "./context.ts";
import { DUMP } from "./name.ts";
import { startProgress } from "./progress.ts";
import type { BackupRecord } from "./record.ts";
import { notWhole } from "./restore-into.ts";
import type { Store } from "./store.ts";

/** Reads all of a stored backup: size, hash, and whether pg_restore gets through it. Rejects with `bad-backup`. */
export async function verifyStored(context: BackupContext, store: Store, record: BackupRecord): Promise<void> {
  const { env, signal } = context;
  const reader = await findReader(record.clientVersion, env);
  const progress = startProgress(context, `reading ${record.name}`);
  const read = meter(progress);
  let refused = false;
  const failure = (particulars: Particulars) => {
    refused = true;
    const { details = [] } = particulars;
    return badBackup({ what: `${record.name}: pg_restore does not get through it`, details });
  };
  const archive = provedArchive(read.over(store.get(`${record.name}${DUMP}`, signal)), reader, {
    env,
    signal,
    failure,
  });
  let refusal: unknown;
  try {
    for await (const _ of archive) signal.throwIfAborted();
  } catch (error) {
    if (!refused) throw error;
    refusal = error;
  } finally {
    progress.stop();
  }
  const found = read.digest();
  if (found.bytes !== record.bytes || found.sha256 !== record.sha256) throw notWhole(record, found);
  if (refusal !== undefined) throw refusal;
}
