import { formatDuration, parseDuration } from "../lib/duration.ts";
import { proved } from "../lib/proved.ts";
import { inUnits } from "../lib/units.ts";
import { type Backup, type BackupContext, backupFailed, type Subject } from "./context.ts";
import { openStore } from "./open-store.ts";

type Strategy = Backup["strategy"];

async function makeBy(strategy: Strategy, context: BackupContext, subject: Subject): Promise<Backup> {
  if (strategy === "restore-point")
    return await (await import("./restore-point.ts")).makeRestorePoint(context, subject);
  if (strategy === "command") return await (await import("./command.ts")).runCommand(context, subject);
  const { makeDump } = await import("./make-dump.ts");
  return await makeDump(
    context,
    strategy === "dump" ? { ...subject, touched: undefined } : subject,
    await openStore(context),
  );
}

/** Makes and proves a backup. Rejects with `backup-failed`, and then nothing stands under its name. */
export async function makeBackup(strategy: Strategy, context: BackupContext, subject: Subject): Promise<Backup> {
  const { timeout } = context.settings.backup;
  const late = AbortSignal.timeout(Math.min(parseDuration(timeout), 2 ** 31 - 1));
  try {
    return await makeBy(strategy, { ...context, signal: AbortSignal.any([context.signal, late]) }, subject);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!late.aborted) throw error;
    throw backupFailed({
      what: `the backup took longer than ${timeout}`,
      fix: "raise backup.timeout, and in a release job.activeDeadlineSeconds with it",
      cause: error,
    });
  }
}

/** One line for people. */
export function describeBackup({ name, where, bytes, durationMs, verified, lsn }: Backup): string {
  if (lsn !== undefined) return `restore point ${name} at ${lsn}`;
  const size = bytes === undefined ? "" : `, ${inUnits(bytes)}`;
  const proof = verified === "no" ? "" : `, ${proved[verified]}`;
  return `${name} in ${where}${size}${proof}, in ${formatDuration(durationMs)}`;
}
