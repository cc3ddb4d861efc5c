import { parseDuration } from "../lib/duration.ts";
import type { Settings } from "../settings/settings.ts";
import { readCatalog } from "./catalog.ts";
import { isOf } from "./find.ts";
import { DUMP, RECORD } from "./name.ts";
import type { BackupRecord } from "./record.ts";
import { PARTIAL, type Store } from "./store.ts";

/** So old nobody is writing it any more. */
const CUT_OFF_MS = 24 * 3_600_000;

type Retention = Settings["backup"]["retention"];

/** Of the backups of the same database and target as `made`, those that go. The newest and `made` itself never do. */
export function superfluous(
  backups: readonly BackupRecord[],
  made: BackupRecord,
  { retention, now }: { readonly retention: Retention; readonly now: Date },
): readonly BackupRecord[] {
  const age = parseDuration(retention.age);
  const ours = backups.filter((one) => isOf(one, made)).toSorted((a, b) => (a.name < b.name ? 1 : -1));
  return ours.filter(
    (one, at) =>
      at > 0 &&
      one.name !== made.name &&
      ((retention.count > 0 && at >= retention.count) || (age > 0 && now.getTime() - Date.parse(one.startedAt) > age)),
  );
}

/** Removes what is too old or too much, and what was cut off a day ago. Gives the names of the backups that went. */
export async function retain(
  store: Store,
  made: BackupRecord,
  { retention, signal }: { readonly retention: Retention; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { backups, leftovers, forsaken } = await readCatalog(store, signal);
  const now = new Date();
  const gone = superfluous(backups, made, { retention, now });
  for (const { name } of gone) {
    // The record last: without its dump it counts as nothing, and the next run removes the rest.
    await store.remove(`${name}${DUMP}`, signal);
    await store.remove(`${name}${RECORD}`, signal);
  }
  const cutOff = leftovers.filter(
    ({ name, modified }) =>
      (name.endsWith(PARTIAL) || forsaken.includes(name)) && now.getTime() - modified.getTime() > CUT_OFF_MS,
  );
  for (const { name } of cutOff) await store.remove(name, signal);
  return gone.map(({ name }) => name);
}
