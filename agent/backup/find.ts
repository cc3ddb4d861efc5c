import { didYouMean } from "../lib/nearest.ts";
import { readCatalog } from "./catalog.ts";
import { badBackup } from "./context.ts";
import type { BackupRecord } from "./record.ts";
import type { Store } from "./store.ts";

/** What a backup is of. */
export type Origin = Pick<BackupRecord, "database" | "server" | "target">;

export const isOf = (one: Origin, other: Origin): boolean =>
  one.database === other.database && one.target === other.target && one.server === other.server;

/** For people: `shop on the server 7431…, taken at 2026-11-21T19:00:00.000Z`. */
export const describeOrigin = ({ database, server, startedAt }: BackupRecord): string =>
  `${database} on the server ${server}, taken at ${startedAt}`;

const next = (backups: readonly BackupRecord[]): string =>
  backups.length === 0 ? "headgate backup takes one" : "headgate backup list shows them; name one";

/** The backup of that name. Rejects with `bad-backup`. */
export async function findBackup(store: Store, wanted: string, signal: AbortSignal): Promise<BackupRecord> {
  const { backups } = await readCatalog(store, signal);
  const found = backups.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = backups.map(({ name }) => name);
  throw badBackup({
    what: `there is no backup ${wanted} in ${store.where}${didYouMean(wanted, names)}`,
    fix: next(backups),
  });
}

/** The newest of that database, server and target: a store may hold others'. Rejects with `bad-backup`. */
export async function newestBackup(store: Store, origin: Origin, signal: AbortSignal): Promise<BackupRecord> {
  const { backups } = await readCatalog(store, signal);
  const found = backups.find((one) => isOf(one, origin));
  if (found !== undefined) return found;
  const { database, server, target } = origin;
  throw badBackup({
    what: `there is no backup of ${database} on the server ${server}, target ${target}, in ${store.where}`,
    fix: next(backups),
  });
}
