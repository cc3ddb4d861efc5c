import { reasonOf } from "../lib/reason.ts";
import { type Client, connect } from "../postgres/client.ts";
import type { Connection } from "../postgres/connection.ts";
import { type Fingerprint, fingerprint } from "../postgres/fingerprint.ts";
import { describeDifference, diffFingerprints } from "../postgres/fingerprint-differences.ts";
import { type BackupContext, backupFailed } from "./context.ts";
import type { BackupRecord } from "./record.ts";
import { dropDatabase, restoreAs, temporaryName } from "./restore-into.ts";
import type { Store } from "./store.ts";
import { countRows } from "./tables.ts";

/** What the restored copy has to be like. */
export interface Original {
  readonly rows: Readonly<Record<string, number>>;
  readonly schema: Fingerprint;
}

/** Nothing is left out: a copy has all of it, Headgate's own tables too. */
export const printAll = async (client: Client): Promise<Fingerprint> =>
  await fingerprint(client, { leftOut: { schemas: [], tables: [] } });

const LISTED = 20;

/** Differences between the original and its copy, a line each. Who owns what is left out of a copy that is only tried. */
function differences(original: Original, copy: Original): string[] {
  const names = Object.keys(original.rows);
  const rows = names
    .filter((name) => original.rows[name] !== copy.rows[name])
    .map((name) => `${name}: ${copy.rows[name] ?? "no"} rows, was ${original.rows[name]}`);
  const schema = diffFingerprints(original.schema, copy.schema).filter(
    ({ harmless, object }) => !harmless && !/^(owner of|grants on) /.test(object),
  );
  return [...rows, ...schema.map(describeDifference)];
}

async function lookAt(connection: Connection, names: readonly string[]): Promise<Original> {
  const client = await connect(connection, { applicationName: "headgate:restore", timeoutMs: 10_000 });
  try {
    return { rows: await countRows(client, names), schema: await printAll(client) };
  } finally {
    await client.close();
  }
}

/** Restores the copy into a database that is dropped again, and compares. Rejects with `backup-failed` where it differs. */
export async function proveByRestore(
  context: BackupContext,
  {
    store,
    record,
    own,
    original,
  }: { readonly store: Store; readonly record: BackupRecord; readonly own: Connection; readonly original: Original },
): Promise<void> {
  const connection = (await context.scratch?.()) ?? own;
  const name = temporaryName();
  // Whoever may connect to the original only so often has to come in here, too.
  const open = { ...record, likeness: { ...record.likeness, limit: undefined } };
  await restoreAs(context, name, { store, record: open, connection, bare: true, failure: backupFailed });
  try {
    const copy = await lookAt({ ...connection, database: name }, Object.keys(original.rows));
    const found = differences(original, copy);
    if (found.length === 0) return;
    throw backupFailed({
      what: `the restored copy of ${record.database} is not like it in ${found.length === 1 ? "one point" : `${found.length} points`}`,
      details: found.slice(0, LISTED),
      fix: "look at each point; what somebody changed while the backup was made is gone when it is made again",
    });
  } finally {
    await dropDatabase(connection, name).catch((error: unknown) =>
      context.log.warn(`the database ${name}, in which the backup was tried, could not be dropped: ${reasonOf(error)}`),
    );
  }
}
