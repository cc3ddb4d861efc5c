import { HeadgateError, type Particulars } from "../errors/headgate-error.ts";
import { reasonOf } from "../lib/reason.ts";
import { type Client, connect, type Row } from "../postgres/client.ts";
import { type Connection, describeConnection } from "../postgres/connection.ts";
import { DATABASE_PRIVILEGES, liken } from "../postgres/dump-likeness.ts";
import { feed, type Program, startProgram } from "../postgres/dump-programs.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { serverNotThere, stampedName } from "../postgres/throwaway-database.ts";
import { meter } from "./archive.ts";
import { findReader } from "./clients.ts";
import { type BackupContext, badBackup } from "./context.ts";
import { DUMP } from "./name.ts";
import { startProgress } from "./progress.ts";
import type { BackupRecord, Locale } from "./record.ts";
import type { Store } from "./store.ts";

/** While it is filled, a database is called so. */
const PREFIX = "headgate_restore_";

export const temporaryName = (): string => stampedName(PREFIX);

/** Runs on another database of the server than those that are made or renamed; on the given one, when there is no other. */
export async function onServer<T>(
  connection: Connection,
  work: (client: Client) => Promise<T>,
  renamed: readonly string[] = [],
): Promise<T> {
  const options = { applicationName: "headgate:restore", timeoutMs: 10_000 };
  const anywhere = async (databases: readonly string[]): Promise<Client> => {
    const [database = connection.database, ...rest] = databases;
    try {
      return await connect({ ...connection, database }, options);
    } catch (error) {
      if (rest.length === 0) throw serverNotThere(error, connection);
      return await anywhere(rest);
    }
  };
  const others = ["postgres", "template1", connection.database].filter((one) => !renamed.includes(one));
  const client = await anywhere(others);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const PROVIDERS: Readonly<Record<string, string>> = { c: "libc", i: "icu", b: "builtin" };

function createSql(name: string, { encoding, collate, ctype, provider, locale }: Locale): string {
  const others = provider === "c" ? "" : ` LOCALE_PROVIDER ${PROVIDERS[provider] ?? quoteLiteral(provider)}`;
  const named = locale === null ? "" : ` ${provider === "i" ? "ICU_LOCALE" : "BUILTIN_LOCALE"} ${quoteLiteral(locale)}`;
  return `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING ${quoteLiteral(encoding)}
 LC_COLLATE ${quoteLiteral(collate)} LC_CTYPE ${quoteLiteral(ctype)}${others}${named}`;
}

async function createLike(name: string, { record, connection, failure }: Restoring): Promise<void> {
  const create = async (client: Client) => {
    await client.query(createSql(name, record.locale));
    for (const privilege of record.closed.filter((one) => DATABASE_PRIVILEGES.includes(one)))
      await client.query(`REVOKE ${privilege} ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC`);
  };
  await onServer(connection, create).catch((error: unknown) => {
    if (error instanceof HeadgateError) throw error;
    const mayNot = isState(error, SQLSTATE.insufficientPrivilege);
    throw failure({
      what: `no database can be made on ${describeConnection(connection)}: ${reasonOf(error)}`,
      fix: mayNot
        ? `as an administrator: ALTER ROLE ${quoteIdentifier(connection.user)} CREATEDB`
        : "mend what it says and run again",
      stands: "nothing was changed",
      cause: error,
    });
  });
}

export const dropDatabase = async (connection: Connection, name: string): Promise<void> => {
  await onServer(
    connection,
    async (client) => await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`),
  );
};

const quotedValue = (text: string): string => `'${text.replaceAll(/[\\']/g, "\\$&")}'`;

/** A client of 17 or later sets it on servers that do not know it yet. All else that fails is a failure. */
const onlyUnknownSetting = (stderr: string): boolean => {
  const errors = stderr.split("\n").filter((line) => /\berror: /.test(line));
  return (
    errors.length > 0 && errors.every((line) => /unrecognized configuration parameter "transaction_timeout"/.test(line))
  );
};

export interface Restoring {
  readonly store: Store;
  readonly record: BackupRecord;
  /** Of the server; its role may create databases there. */
  readonly connection: Connection;
  /** Leave out who owns what and who may what: the roles may not be there. */
  readonly bare: boolean;
  /** The caller's error of what goes wrong. */
  readonly failure: (particulars: Particulars) => HeadgateError;
}

async function fill(
  context: BackupContext,
  reader: Program,
  { store, record, connection, bare, failure }: Restoring,
): Promise<void> {
  const { env, signal } = context;
  const args = [
    ...[`--dbname=dbname=${quotedValue(connection.database)}`, "--no-password"],
    ...(bare ? ["--no-owner", "--no-privileges"] : []),
  ];
  const running = startProgram(reader, { env, signal, connection, failure, args }, true);
  running.child.stdout?.resume();
  const progress = startProgress(context, `restoring ${record.name}`);
  const read = meter(progress);
  try {
    for await (const chunk of read.over(store.get(`${record.name}${DUMP}`, signal))) await feed(running, chunk);
    running.child.stdin?.end();
    const { bytes, sha256 } = read.digest();
    if (bytes !== record.bytes || sha256 !== record.sha256) throw notWhole(record, { bytes, sha256 });
    await running.ended(onlyUnknownSetting);
  } finally {
    progress.stop();
    await running.stop();
  }
}

/** The error of a stored copy that is not what was stored. */
export function notWhole(
  { name, bytes, sha256 }: BackupRecord,
  found: { readonly bytes: number; readonly sha256: string },
) {
  const how =
    found.bytes === bytes
      ? `sha256 is ${found.sha256.slice(0, 12)}, and was ${sha256.slice(0, 12)}`
      : `${found.bytes} bytes, and there were ${bytes}`;
  return badBackup({ what: `${name}: its bytes are not those that were stored: ${how}` });
}

/** Restores it into a new database with that name, which is dropped again when anything fails. Tells what could not be set. */
export async function restoreAs(
  context: BackupContext,
  name: string,
  restoring: Restoring,
): Promise<readonly string[]> {
  const { record, connection, bare } = restoring;
  const reader = await findReader(record.clientVersion, context.env);
  await createLike(name, restoring);
  try {
    await fill(context, reader, { ...restoring, connection: { ...connection, database: name } });
    const { likeness } = record;
    const everybodys = likeness.settings.filter(({ role }) => role === undefined);
    return await liken(
      { ...connection, database: name },
      name,
      bare ? { ...likeness, owner: undefined, grants: [], settings: everybodys } : likeness,
    );
  } catch (error) {
    await dropDatabase(connection, name).catch((cause: unknown) =>
      context.log.warn(`the half-filled database ${name} could not be dropped: ${reasonOf(cause)}`),
    );
    throw error;
  }
}

/** Who is connected to a database, a sentence each. */
export async function connectedTo(connection: Connection, name: string): Promise<readonly string[]> {
  const rows: readonly Row[] = await onServer(
    connection,
    async (client) =>
      await client.query(`SELECT pid, usename, application_name, client_addr::text AS address FROM pg_stat_activity
 WHERE datname = ${quoteLiteral(name)} AND pid <> pg_backend_pid() ORDER BY pid`),
  );
  return rows.map(
    ({ pid, usename, application_name: program, address }) =>
      `pid ${pid}, ${usename ?? "no role"}${program === "" || program === null ? "" : `, ${program}`}${address === null ? "" : `, from ${address}`}`,
  );
}
