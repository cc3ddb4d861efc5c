import { didYouMean } from "../lib/nearest.ts";
import { readCatalog } from "./catalog.ts";
import { badBackup } from "./context.ts";
import type { BackupRecord } from "./record.ts";
import type { Store } from "./store.ts";

/** The backup of that name; without one the newest of the target. Rejects with `bad-backup`. */
export async function findBackup(
  store: Store,
  wanted: string | undefined,
  { target, signal }: { readonly target: string; readonly signal: AbortSignal },
): Promise<BackupRecord> {
  const { backups } = await readCatalog(store, signal);
  const found =
    wanted === undefined ? backups.find((one) => one.target === target) : backups.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = backups.map(({ name }) => name);
  throw badBackup({
    what:
      wanted === undefined
        ? `there is no backup of the target ${target} in ${store.where}`
        : `there is no backup ${wanted} in ${store.where}${didYouMean(wanted, names)}`,
    fix: names.length === 0 ? "headgate backup takes one" : "headgate backup list shows them",
  });
}
