import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { withProxy } from "./delay.ts";
import { measure, type Sample } from "./measure.ts";
import type { Command, Peer, Task } from "./peer.ts";
import { countSql, type Files, kindOf, type Row, schemasOf, writeFiles } from "./scenarios.ts";

/** One server and one folder, and the runs on them. */
export interface Lab {
  readonly home: string;
  readonly serverVersion: string;
  /** One run of a peer. Everything but the run itself is done outside the clock. */
  run(row: Row, peer: Peer): Promise<Sample>;
}

interface Tools {
  readonly server: Server;
  readonly admin: pg.Client;
  readonly home: string;
  readonly signal: AbortSignal;
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Readonly<Record<string, unknown>>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

/** The peer must have done what the row says, or its time means nothing. */
async function checkResult(url: string, row: Row, { appliedSql, overSchemas }: Peer): Promise<void> {
  const sql = row.schemas !== undefined ? overSchemas?.appliedSql : row.applied ? appliedSql : countSql;
  const found = sql === undefined ? undefined : await ask(url, sql);
  const expected = row.migrations * (row.schemas ?? 1);
  if (found !== expected) throw new Error(`left ${found} ${row.applied ? "applied" : "tables"}, expected ${expected}`);
}

function commandOf(row: Row, { command, overSchemas, name }: Peer, task: Task): Command {
  if (row.schemas === undefined) return command(task);
  if (overSchemas === undefined) throw new Error(`${name} does not run over several schemas here`);
  return overSchemas.command(task, schemasOf(row));
}

function createRunner({ server, admin, home, signal }: Tools) {
  const written = new Map<string, Files>();
  const ready = new Set<string>();
  const filesFor = (row: Row, peer: Peer): Files => {
    const key = `${kindOf(row)} ${row.migrations}`;
    const files = written.get(key) ?? writeFiles(home, kindOf(row), row.migrations);
    written.set(key, files);
    if (!ready.has(`${peer.name} ${key}`)) peer.prepare?.(files);
    ready.add(`${peer.name} ${key}`);
    return files;
  };
  const urlOf = (database: string, port = server.port): string =>
    `postgresql://postgres@127.0.0.1:${port}/${database}?sslmode=disable`;
  return async (row: Row, peer: Peer, database: string): Promise<Sample> => {
    const files = filesFor(row, peer);
    // What the run before has left to write is not this one's work.
    await admin.query("CHECKPOINT");
    const options = { cwd: home, logFile: join(home, "output.log"), signal, limit: peer.limit };
    const runAt = (port?: number) =>
      measure(commandOf(row, peer, { ...files, home, url: urlOf(database, port) }), options);
    const holdMs = peer.pastProxy === true ? undefined : row.holdMs;
    const sample =
      holdMs === undefined
        ? await runAt()
        : await withProxy(server.port, holdMs, async ({ port, trips }) => ({
            ...(await runAt(port)),
            roundTrips: await trips(),
          }));
    if (sample.limit === undefined) await checkResult(urlOf(database), row, peer);
    return sample;
  };
}

function createLab(tools: Tools, serverVersion: string): Lab {
  const { server, admin, home } = tools;
  const prepared = new Map<string, string>();
  const runOn = createRunner(tools);
  let made = 0;
  const createDatabase = async (): Promise<string> => {
    made += 1;
    await admin.query(`CREATE DATABASE bench_${made}`);
    return `bench_${made}`;
  };
  const createSchemas = async (database: string, schemas: readonly string[]): Promise<void> => {
    if (schemas.length === 0) return;
    const statements = schemas.map((schema) => `CREATE SCHEMA ${schema};`).join(" ");
    await ask(server.url(database), `DO $make$ BEGIN ${statements} END $make$`);
  };
  const appliedBy = async (row: Row, peer: Peer): Promise<string> => {
    const known = prepared.get(`${peer.name} ${row.id}`);
    if (known !== undefined) return known;
    const database = await createDatabase();
    await createSchemas(database, schemasOf(row));
    await runOn(row, peer, database);
    prepared.set(`${peer.name} ${row.id}`, database);
    return database;
  };
  return {
    home,
    serverVersion,
    async run(row, peer) {
      if (row.applied) return await runOn(row, peer, await appliedBy(row, peer));
      // Kept until the server is removed: ext4 passes over inodes that were freed in the last minutes, one by one, which makes
      // every table of whoever comes next cost twice as much.
      return await runOn(row, peer, await createDatabase());
    },
  };
}

async function withAdmin<T>(server: Server, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: server.url() });
  admin.on("error", () => {});
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** Starts a server with default durability, and removes it and every file afterwards. */
export async function withLab<T>(signal: AbortSignal, work: (lab: Lab) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "headgate-bench-"));
  const server = await startServer();
  try {
    return await withAdmin(server, async (admin) => {
      const { rows } = await admin.query<{ server_version: string }>("SHOW server_version");
      return await work(createLab({ server, admin, home, signal }, rows[0]?.server_version ?? "?"));
    });
  } finally {
    await server.remove();
    rmSync(home, { recursive: true, force: true });
  }
}
