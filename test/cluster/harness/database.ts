import { randomBytes } from "node:crypto";
import { Client, type QueryResultRow } from "pg";
import { MARK } from "../../support/canary.ts";
import type { PostgresHandle } from "./handle.ts";

/** A fresh database, owned by a login role of the same name. */
export interface Database {
  readonly name: string;
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
}

export async function createDatabase(postgres: PostgresHandle, name: string): Promise<Database> {
  const password = `${MARK}${randomBytes(12).toString("hex")}`;
  await withAdmin(postgres, async (client) => {
    await client.query(`CREATE ROLE "${name}" LOGIN PASSWORD '${password}'`);
    // an administrator that is no superuser, as on a managed server, may only give away to roles it is in
    await client.query(`GRANT "${name}" TO current_user`).catch(() => undefined);
    await client.query(`CREATE DATABASE "${name}" OWNER "${name}"`);
  });
  return { name, user: name, password, host: postgres.host, port: postgres.port };
}

/** Ends the sessions of the database, too. */
export async function dropDatabase(postgres: PostgresHandle, name: string): Promise<void> {
  await withAdmin(postgres, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    await client.query(`DROP ROLE IF EXISTS "${name}"`);
  });
}

/** A session as the superuser, in the database of that name. */
export async function withAdmin<T>(
  postgres: PostgresHandle,
  work: (client: Client) => Promise<T>,
  database?: string,
): Promise<T> {
  const url = new URL(postgres.adminUrl);
  if (database !== undefined) url.pathname = `/${database}`;
  const client = new Client({ connectionString: url.href, application_name: "headgate-test" });
  // a test may end every session on purpose
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Runs one statement as the superuser. */
export function query<Row extends QueryResultRow>(
  postgres: PostgresHandle,
  database: string,
  statement: { readonly text: string; readonly values?: readonly unknown[] },
): Promise<Row[]> {
  const values = [...(statement.values ?? [])];
  return withAdmin(postgres, async (client) => (await client.query<Row>(statement.text, values)).rows, database);
}

/** What a Secret for it holds; the keys are those of `database.keys`. */
export function secretData(database: Database): Record<string, string> {
  const { name, user, password, host, port } = database;
  const url = `postgresql://${user}:${password}@${host}:${port}/${name}`;
  return { url, host, port: String(port), database: name, username: user, password };
}
