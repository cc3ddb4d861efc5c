import { parseDuration } from "../lib/duration.ts";
import type { Settings } from "../settings/settings.ts";
import { readCatalog } from "./catalog.ts";
import { isOf } from "./find.ts";
import { DUMP, parseBackupName, RECORD } from "./name.ts";
import type { BackupRecord } from "./record.ts";
import { PARTIAL, type Store } from "./store.ts";

/** So old nobody is writing it any more. */
const CUT_OFF_MS = 24 * 3_600_000;

type Retention = Settings["backup"]["retention"];

type Limits = { readonly retention: Retention; readonly now: Date };

/** Runs of one plan: a retry copies what the first try has left. What somebody took by hand stands alone. */
const planOf = ({ planHash, name }: BackupRecord): string => planHash ?? name;

/**
 * Of backups of one kind, those that go; the newest never does. Of each plan that is kept so do the first, which alone
 * may hold what the plan has destroyed, and the last.
 */
function beyond(all: readonly BackupRecord[], { retention, now }: Limits): readonly BackupRecord[] {
  const { count } = retention;
  const age = parseDuration(retention.age);
  const sorted = all.toSorted((a, b) => (a.name < b.name ? 1 : -1));
  const order = sorted.map(planOf);
  const plans = [...new Set(order)];
  const isTooMuch = (plan: string, at: number): boolean =>
    plans.indexOf(plan) >= count || (at >= count && order.indexOf(plan) !== at && order.lastIndexOf(plan) !== at);
  return sorted.filter(
    (one, at) =>
      at > 0 &&
      ((count > 0 && isTooMuch(planOf(one), at)) || (age > 0 && now.getTime() - Date.parse(one.startedAt) > age)),
  );
}

/**
 * Of the backups of the same database and target as `made`, those that go; `made` itself never does. Those of some
 * tables' rows push out none of all.
 */
export function superfluous(
  backups: readonly BackupRecord[],
  made: BackupRecord,
  limits: Limits,
): readonly BackupRecord[] {
  const ours = backups.filter((one) => isOf(one, made));
  const whole = ours.filter(({ tables }) => tables === null);
  const partial = ours.filter(({ tables }) => tables !== null);
  return [...beyond(whole, limits), ...beyond(partial, limits)].filter(({ name }) => name !== made.name);
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
  const { target } = parseBackupName(made.name) ?? {};
  const names = leftovers.map(({ name }) => name);
  // A record that cannot be read is one: somebody may want the dump.
  const isOrphan = (name: string): boolean => {
    const base = name.slice(0, -DUMP.length);
    return name.endsWith(DUMP) && parseBackupName(base)?.target === target && !names.includes(`${base}${RECORD}`);
  };
  const cutOff = leftovers.filter(
    ({ name, modified }) =>
      (name.endsWith(PARTIAL) || forsaken.includes(name) || isOrphan(name)) &&
      now.getTime() - modified.getTime() > CUT_OFF_MS,
  );
  for (const { name } of cutOff) await store.remove(name, signal);
  return gone.map(({ name }) => name);
}
