import { HeadgateError } from "../errors/headgate-error.ts";
import { DUMP, parseBackupName, RECORD } from "./name.ts";
import { type BackupRecord, parseRecord } from "./record.ts";
import { PARTIAL, type Store, type Stored } from "./store.ts";

/** What a store holds of ours. */
export interface Catalog {
  /** Newest first. */
  readonly backups: readonly BackupRecord[];
  /** Objects with a backup's name that belong to none: cut off, or being made. */
  readonly leftovers: readonly Stored[];
  /** Records whose dump is gone. */
  readonly forsaken: readonly string[];
}

/** A record is small; whatever is bigger is none. */
const LIMIT = 10 * 1024 * 1024;

async function textOf(store: Store, name: string, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(name, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function recordIn(store: Store, { name, bytes }: Stored, signal: AbortSignal): Promise<BackupRecord[]> {
  const base = name.slice(0, -RECORD.length);
  if (!name.endsWith(RECORD) || parseBackupName(base) === undefined || bytes > LIMIT) return [];
  try {
    const record = parseRecord(name, await textOf(store, name, signal));
    return record === undefined ? [] : [record];
  } catch (error) {
    // Another run may have removed it meanwhile.
    if (error instanceof HeadgateError && error.id === "bad-backup") return [];
    throw error;
  }
}

const baseOf = (name: string): string | undefined => {
  const whole = name.endsWith(PARTIAL) ? name.slice(0, -PARTIAL.length) : name;
  const base = [DUMP, RECORD].filter((end) => whole.endsWith(end)).map((end) => whole.slice(0, -end.length))[0];
  return base !== undefined && parseBackupName(base) !== undefined ? base : undefined;
};

/** Reads what is there. What is not ours is passed over. */
export async function readCatalog(store: Store, signal: AbortSignal): Promise<Catalog> {
  const objects = await store.list(signal);
  const names = new Set(objects.map(({ name }) => name));
  const records: BackupRecord[] = [];
  for (const object of objects) records.push(...(await recordIn(store, object, signal)));
  const whole = records.filter(({ name }) => names.has(`${name}${DUMP}`));
  const known = new Set(whole.flatMap(({ name }) => [`${name}${DUMP}`, `${name}${RECORD}`]));
  return {
    backups: whole.sort((a, b) => (a.name < b.name ? 1 : -1)),
    leftovers: objects.filter(({ name }) => baseOf(name) !== undefined && !known.has(name)),
    forsaken: records.filter((one) => !whole.includes(one)).map(({ name }) => `${name}${RECORD}`),
  };
}

/** Names that are taken, by a whole backup or by what is left of one. */
export async function takenNames(store: Store, signal: AbortSignal): Promise<ReadonlySet<string>> {
  return new Set((await store.list(signal)).flatMap(({ name }) => baseOf(name) ?? []));
}
