import { HeadgateError } from "../errors/headgate-error.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Client } from "../postgres/client.ts";
import type { Connection } from "../postgres/connection.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { type BackupContext, restoreFailed } from "./context.ts";
import type { BackupRecord } from "./record.ts";
import { connectedTo, onServer, restoreAs, temporaryName } from "./restore-into.ts";
import type { Store } from "./store.ts";
import { unapplied } from "./unapplied.ts";

const LONGEST = 63;

/** A name with an end of its own, short enough for PostgreSQL, which cuts what is longer. */
function nameWithEnd(name: string, end: string): string {
  let head = name;
  while (Buffer.byteLength(`${head}${end}`) > LONGEST) head = [...head].slice(0, -1).join("");
  return `${head}${end}`;
}

/** `shop_20261121t190000z`: where a backup goes when nobody says. */
export const newDatabaseFor = ({ database, name }: BackupRecord): string =>
  nameWithEnd(database, `_${name.slice(0, 16).toLowerCase()}`);

const nameBefore = (name: string): string =>
  nameWithEnd(
    name,
    `_before_${new Date()
      .toISOString()
      .replaceAll(/[-:]|\.\d+/g, "")
      .toLowerCase()}`,
  );

const renameSql = (from: string, to: string): string =>
  `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`;

/** Refuses to replace a database that somebody works in. */
export async function refuseConnected(connection: Connection, name: string, backup: string): Promise<void> {
  const who = await connectedTo(connection, name);
  if (who.length === 0) return;
  throw restoreFailed({
    what: `${name} cannot be replaced while somebody is connected to it`,
    details: who,
    fix: `end these sessions and run again, or restore into a new database: headgate backup restore ${backup}`,
    stands: "nothing was changed",
  });
}

export interface RestoreOptions {
  readonly store: Store;
  readonly record: BackupRecord;
  /** Of the server; the database in it may be gone. */
  readonly connection: Connection;
  readonly into: string;
  /** There is a database of that name, which makes room. */
  readonly replaces: boolean;
  readonly bare: boolean;
}

export interface Restored {
  readonly database: string;
  /** What the database that made room is called now. */
  readonly before: string | undefined;
  /** Migrations that were applied in what made room, and are pending again. */
  readonly pendingAgain: readonly string[];
  /** What could not be set of who owns the database and who may what, a sentence each. */
  readonly refused: readonly string[];
}

async function takePlace(
  { connection, into, replaces }: RestoreOptions,
  temporary: string,
): Promise<string | undefined> {
  const before = replaces ? nameBefore(into) : undefined;
  // One message is one transaction: there is never nothing under the name.
  const renames = [...(before === undefined ? [] : [renameSql(into, before)]), renameSql(temporary, into)].join("; ");
  const rename = async (client: Client) => await client.query(renames);
  await onServer(connection, rename, [into, temporary]).catch(async (error: unknown) => {
    const who = replaces ? await connectedTo(connection, into).catch(() => []) : [];
    throw restoreFailed({
      what: `the restored database could not take the name ${into}: ${reasonOf(error)}`,
      details: who,
      stands: `${replaces ? `${into} is as it was; ` : ""}the backup is restored whole, as ${temporary}`,
      fix: `when that is mended, rename by hand: ${renames}`,
      cause: error,
    });
  });
  return before;
}

/**
 * Restores a backup under a temporary name, which it changes for its own when it is whole. A database that it replaces is
 * renamed, never dropped. Rejects with `restore-failed` or `bad-backup`.
 */
export async function restoreBackup(context: BackupContext, options: RestoreOptions): Promise<Restored> {
  const { store, record, connection, into, replaces, bare } = options;
  if (replaces) await refuseConnected(connection, into, record.name);
  const temporary = temporaryName();
  const refused = await restoreAs(context, temporary, {
    store,
    record,
    connection,
    bare,
    failure: restoreFailed,
  }).catch((error: unknown) => {
    throw inWords(error, into, replaces);
  });
  const before = await takePlace(options, temporary);
  const { target } = record;
  const pendingAgain =
    before === undefined ? [] : await unapplied(context, { connection, before, after: into, target });
  return { database: into, before, pendingAgain, refused };
}

/** A restore that failed has dropped what it had filled. */
function inWords(error: unknown, into: string, replaces: boolean): unknown {
  if (!(error instanceof HeadgateError) || error.id !== "restore-failed") return error;
  const { id, message: what, details, fix, cause } = error;
  const stands = replaces ? `${into} is as it was` : "nothing was changed";
  return new HeadgateError(id, { what, details, fix, cause, stands: `${stands}; what was half-filled is dropped` });
}
