import { randomBytes } from "node:crypto";
import { HeadgateError } from "../errors/headgate-error.ts";
import { reasonOf } from "../lib/reason.ts";
import { connect, type Row } from "./client.ts";
import { connectReason, hopeless } from "./connect-errors.ts";
import { type Connection, describeConnection } from "./connection.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";
import { isState, SQLSTATE } from "./sqlstate.ts";

/** A database made for one run. */
export interface ThrowawayDatabase {
  readonly connection: Connection;
  /** Ends whoever is connected to it and removes it; does nothing when it is gone already. */
  readonly drop: () => Promise<void>;
}

const PREFIX = "headgate_rehearsal_";
const LEFT_BEHIND_HOURS = 24;

/** A name that nothing has yet. PostgreSQL does not keep when a database was made, so its name does. */
export const stampedName = (prefix: string): string =>
  `${prefix}${new Date().toISOString().replaceAll(/\D/g, "").slice(0, 12)}_${randomBytes(4).toString("hex")}`;

/** A server on which a database was to be made, and which cannot be reached. */
export const serverNotThere = (error: unknown, connection: Connection): HeadgateError =>
  hopeless(error, connection) ??
  new HeadgateError("unreachable", {
    what: `${describeConnection(connection)}, on which a database was to be made, is not reachable: ${connectReason(error)}`,
    fix: "check host and port, and that the server is up",
    stands: "nothing was changed",
    cause: error,
  });

async function onServer(connection: Connection, sql: string, signal?: AbortSignal): Promise<readonly Row[]> {
  const options = { applicationName: "headgate:throwaway", timeoutMs: 10_000 };
  const client = await connect(connection, options).catch((error: unknown) => {
    throw serverNotThere(error, connection);
  });
  // To copy a big database takes long. Nobody else can connect to it meanwhile to cancel, so the server has to notice.
  if (signal !== undefined) await client.query("SET client_connection_check_interval = '1s'").catch(() => undefined);
  const cut = () => client.abandon();
  signal?.addEventListener("abort", cut, { once: true });
  try {
    signal?.throwIfAborted();
    return await client.query(sql);
  } finally {
    signal?.removeEventListener("abort", cut);
    await client.close();
  }
}

function refused(error: unknown, connection: Connection): unknown {
  if (!isState(error, SQLSTATE.insufficientPrivilege, SQLSTATE.objectInUse)) return error;
  const mayNot = isState(error, SQLSTATE.insufficientPrivilege);
  return new HeadgateError("no-throwaway-database", {
    what: `${describeConnection(connection)}: no database to try things in can be created: ${reasonOf(error)}`,
    fix: mayNot
      ? `as an administrator: ALTER ROLE ${quoteIdentifier(connection.user)} CREATEDB`
      : "run again when nobody is connected to the database that is copied",
    stands: "nothing was changed",
    cause: error,
  });
}

/**
 * Creates a database on the server of `connection`, empty, or as a copy of the database `template`, which nobody else may
 * be connected to. Rejects with `no-throwaway-database`, and with `unreachable` or its like when the server is not to be had.
 */
export async function throwawayDatabase(
  connection: Connection,
  { template, signal }: { readonly template?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<ThrowawayDatabase> {
  const name = stampedName(PREFIX);
  const source = template === undefined ? "" : ` TEMPLATE ${quoteIdentifier(template)}`;
  const drop = async () => {
    await onServer(connection, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
  };
  await onServer(connection, `CREATE DATABASE ${quoteIdentifier(name)}${source}`, signal).catch(
    async (error: unknown) => {
      // It may have been made in the moment in which the connection was cut.
      if (signal?.aborted === true) await drop().catch(() => undefined);
      throw refused(error, connection);
    },
  );
  return { connection: { ...connection, database: name }, drop };
}

/**
 * Names of databases that a killed run has left on the server: nobody is connected to them, and their names say that they
 * are older than a day.
 */
export async function leftoverDatabases(connection: Connection): Promise<readonly string[]> {
  const rows = await onServer(
    connection,
    `SELECT datname FROM pg_database
     WHERE datname ~ ${quoteLiteral(`^${PREFIX}[0-9]{12}_[0-9a-f]{8}$`)}
       AND to_timestamp(substr(datname, ${PREFIX.length + 1}, 12), 'YYYYMMDDHH24MI')::timestamp
         < now() AT TIME ZONE 'UTC' - interval '${LEFT_BEHIND_HOURS} hours'
       AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datname = pg_database.datname)
     ORDER BY datname`,
  );
  return rows.map((row) => String(row.datname));
}
