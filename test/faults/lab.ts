import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { CANARY } from "../support/canary.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { type Ended, startAgent } from "./agent.ts";
import { type Connections, openConnections } from "./connections.ts";
import type { Scenario } from "./scenarios.ts";

/** A database of one case. */
export interface Database {
  readonly name: string;
  /** Its URL through the port given, or straight to the server. */
  url(port?: number): string;
  drop(): Promise<void>;
}

/** One server of its own, and everything that is made on it. */
export interface Lab {
  readonly server: Server;
  readonly serverVersion: string;
  readonly bundle: string;
  /** Rows of one statement, as the superuser. */
  sql<Row extends pg.QueryResultRow>(database: string, text: string): Promise<Row[]>;
  /** A fresh database as the scenario's disturbed run finds it. */
  database(scenario: Scenario): Promise<Database>;
  /** Writes files into a folder of this name. */
  folder(name: string, files: Readonly<Record<string, string>>): string;
}

function writeFolder(home: string, name: string, files: Readonly<Record<string, string>>): string {
  const path = join(home, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

const failed = (what: string, { code, signal, stderr }: Ended): Error =>
  new Error(`${what} ended with ${code ?? signal}:\n${stderr}`);

interface Parts {
  readonly server: Server;
  readonly connections: Connections;
  readonly bundle: string;
  readonly home: string;
}

async function createLab({ server, connections, bundle, home }: Parts): Promise<Lab> {
  const { sql } = connections;
  const templates = new Map<string, Promise<string>>();
  let made = 0;
  const makeTemplate = async (scenario: Scenario): Promise<string> => {
    const name = `template_${scenario.name}`;
    await sql("postgres", `CREATE DATABASE ${name}`);
    if (scenario.empty) return name;
    const dir = writeFolder(home, `${scenario.name}-before`, scenario.before);
    const ended = await startAgent(bundle, ["migrate", "--dir", dir], server.url(name)).ended;
    if (ended.code !== 0) throw failed(`the run that prepares ${scenario.name}`, ended);
    return name;
  };
  const [row] = await sql<{ server_version: string }>("postgres", "SHOW server_version");
  return {
    server,
    serverVersion: row?.server_version ?? "?",
    bundle,
    sql,
    folder: (name, files) => writeFolder(home, name, files),
    async database(scenario) {
      const template = templates.get(scenario.name) ?? makeTemplate(scenario);
      templates.set(scenario.name, template);
      made += 1;
      const name = `case_${made}`;
      await sql("postgres", `CREATE DATABASE ${name} TEMPLATE ${await template}`);
      // A copied sequence skips its WAL until the next checkpoint, and a crash before would turn it back.
      await sql("postgres", "CHECKPOINT");
      return {
        name,
        url: (port = server.port) => {
          const url = new URL(server.url(name));
          url.port = String(port);
          return url.href;
        },
        async drop() {
          await connections.close(name);
          await sql("postgres", `DROP DATABASE ${name} WITH (FORCE)`);
        },
      };
    },
  };
}

/** What a crash of the machine would lose is not at stake here, and each case makes a database. */
const SETTINGS = ["fsync = off", "max_connections = 100", "autovacuum = off", "shared_buffers = 32MB"];

/** Starts a server, and removes it and every file afterwards. */
export async function withLab<T>(bundle: string, work: (lab: Lab) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "headgate-faults-"));
  const server = await startServer({ password: CANARY, settings: SETTINGS });
  const connections = openConnections(server.url);
  try {
    return await work(await createLab({ server, connections, bundle, home }));
  } finally {
    await connections.closeAll();
    await server.remove();
    rmSync(home, { recursive: true, force: true });
  }
}
