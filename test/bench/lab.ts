import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { measure, type Sample } from "./measure.ts";
import type { Peer } from "./peers.ts";
import { countSql, type Files, type Row, writeFiles } from "./scenarios.ts";

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

async function tablesIn(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ tables: number }>(countSql);
    return rows[0]?.tables ?? 0;
  } finally {
    await client.end();
  }
}

function createLab({ server, admin, home, signal }: Tools, serverVersion: string): Lab {
  const written = new Map<number, Files>();
  const prepared = new Map<string, string>();
  const ready = new Set<string>();
  let made = 0;
  const filesFor = (count: number): Files => {
    const files = written.get(count) ?? writeFiles(home, count);
    written.set(count, files);
    return files;
  };
  const createDatabase = async (): Promise<string> => {
    made += 1;
    await admin.query(`CREATE DATABASE bench_${made}`);
    return `bench_${made}`;
  };
  const runOn = async (row: Row, peer: Peer, database: string): Promise<Sample> => {
    const url = server.url(database);
    const files = filesFor(row.migrations);
    if (!ready.has(`${peer.name} ${files.dir}`)) peer.prepare?.(files.dir);
    ready.add(`${peer.name} ${files.dir}`);
    // What the run before has left to write is not this one's work.
    await admin.query("CHECKPOINT");
    const options = { cwd: home, logFile: join(home, "output.log"), signal };
    const sample = await measure(peer.command({ ...files, url }), options);
    const tables = await tablesIn(url);
    if (tables !== row.migrations) throw new Error(`left ${tables} tables, expected ${row.migrations}`);
    return sample;
  };
  const appliedBy = async (row: Row, peer: Peer): Promise<string> => {
    const known = prepared.get(peer.name);
    if (known !== undefined) return known;
    const database = await createDatabase();
    await runOn(row, peer, database);
    prepared.set(peer.name, database);
    return database;
  };
  return {
    home,
    serverVersion,
    async run(row, peer) {
      if (row.applied) return await runOn(row, peer, await appliedBy(row, peer));
      const database = await createDatabase();
      try {
        return await runOn(row, peer, database);
      } finally {
        await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
      }
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
