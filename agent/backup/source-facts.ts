import { type Client, connect } from "../postgres/client.ts";
import type { Connection } from "../postgres/connection.ts";
import { readOwnLikeness } from "../postgres/dump-likeness.ts";
import { identityOf } from "../postgres/dump-server.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import type { BackupContext } from "./context.ts";
import type { BackupRecord, Locale } from "./record.ts";

/** Each version has its own columns for what one of them calls daticulocale; as JSON, what is not there is no error. */
const LOCALE = `SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype, to_json(d)::text AS all
FROM pg_database AS d WHERE datname = current_database()`;

async function localeOf(client: Client): Promise<Locale> {
  const [row = {}] = await client.query(LOCALE);
  const all: Readonly<Record<string, unknown>> = JSON.parse(String(row.all));
  const locale = all.datlocale ?? all.daticulocale ?? null;
  return {
    ...{ encoding: String(row.encoding), collate: String(row.collate), ctype: String(row.ctype) },
    ...{ provider: String(all.datlocprovider ?? "c"), locale: locale === null ? null : String(locale) },
  };
}

/** PUBLIC has these where nobody has revoked them, and no row says so then. */
const CLOSED = `SELECT p AS privilege FROM pg_database AS d CROSS JOIN unnest(ARRAY['CONNECT', 'TEMPORARY']) AS p
WHERE d.datname = current_database() AND d.datacl IS NOT NULL
  AND NOT EXISTS (SELECT FROM aclexplode(d.datacl) AS a WHERE a.grantee = 0 AND a.privilege_type = p)`;

/** A server as a record names it. */
export async function serverOf(client: Client, { host, port }: Connection): Promise<string> {
  return (await identityOf(client)).system ?? `${host}:${port}`;
}

/** What a record says of the database and its server. */
export async function sourceFacts(
  session: Session,
): Promise<Pick<BackupRecord, "database" | "server" | "serverVersion" | "locale" | "likeness" | "closed">> {
  return {
    ...{ database: session.facts.database, serverVersion: session.facts.versionText },
    server: await serverOf(session, session.connection),
    locale: await localeOf(session),
    likeness: await readOwnLikeness(session),
    closed: (await session.query(CLOSED)).map(({ privilege }) => String(privilege)),
  };
}

/** A connection that sees the database of one moment, which pg_dump can be told of by its snapshot. */
export async function withSnapshot<T>(
  session: Session,
  { settings, applicationName }: BackupContext,
  work: (client: Client, snapshot: string) => Promise<T>,
): Promise<T> {
  const client = await connect(session.connection, { applicationName: `${applicationName}:backup`, timeoutMs: 10_000 });
  try {
    const { role } = settings.database;
    if (role !== "") await client.query(`SET ROLE ${quoteIdentifier(role)}`);
    await client.query(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0",
    );
    const [row = {}] = await client.query("SELECT pg_export_snapshot() AS snapshot");
    return await work(client, String(row.snapshot));
  } finally {
    client.abandon();
  }
}
