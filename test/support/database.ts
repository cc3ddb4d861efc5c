import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { keep, keeping } from "./canary.ts";

export interface Database {
  readonly name: string;
  readonly url: string;
  /** The same as another role, which has to have been made with `loginSql`. */
  urlAs(role: string): string;
  /** Rows of one statement, on a connection of its own. */
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string): Promise<Row[]>;
  /** A connection that stays open until the database is dropped. */
  connect(): Promise<pg.Client>;
  drop(): Promise<void>;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Keeps what the agent has written down in a database: every row of the tables that its schema has. */
async function keepRecords(client: pg.Client): Promise<void> {
  await client.query("SET lock_timeout = '1s'");
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND EXISTS (
       SELECT FROM pg_class m WHERE m.relnamespace = n.oid AND m.relname = 'meta' AND m.relkind = 'r'
     )`,
  );
  for (const { name } of rows) {
    const { rows: records } = await client.query<{ record: string }>(`SELECT t::text AS record FROM ${name} t`);
    for (const { record } of records) keep(record);
  }
}

/** LOGIN with the password of this run's server: a role comes in by the same URL under its own name. */
export function loginSql(): string {
  const password = decodeURIComponent(new URL(inject("adminUrl")).password);
  return password === "" ? "LOGIN" : `LOGIN PASSWORD '${password.replaceAll("'", "''")}'`;
}

/** A fresh database on the server of this run. */
export async function createDatabase(adminUrl: string = inject("adminUrl")): Promise<Database> {
  const name = `t_${randomBytes(6).toString("hex")}`;
  await withClient(adminUrl, async (client) => await client.query(`CREATE DATABASE ${name}`));
  const target = new URL(adminUrl);
  target.pathname = `/${name}`;
  const open: pg.Client[] = [];
  return {
    name,
    url: target.href,
    urlAs(role) {
      const as = new URL(target.href);
      as.username = role;
      return as.href;
    },
    sql: async <Row extends pg.QueryResultRow>(text: string) =>
      await withClient(target.href, async (client) => (await client.query<Row>(text)).rows),
    connect: async () => {
      const client = new pg.Client({ connectionString: target.href });
      client.on("error", () => {});
      await client.connect();
      open.push(client);
      return client;
    },
    drop: async () => {
      await Promise.all(open.map(async (client) => await client.end().catch(() => undefined)));
      // A test may have left it in any state: locked, closed to connections, gone.
      if (keeping()) await withClient(target.href, keepRecords).catch(() => undefined);
      await withClient(adminUrl, async (client) => await client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}
