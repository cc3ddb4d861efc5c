import { readdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { CANARY } from "../support/canary.ts";
import { createDatabase, type Database } from "../support/database.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { folder, type Result, type Running, startHeadgate } from "../support/headgate.ts";
import { installedPostgres } from "../support/installed-postgres.ts";

export interface BackupScene {
  readonly server: Server;
  /** Programs of the server's own version. */
  readonly bin: string;
  readonly shop: Database;
  readonly files: ReturnType<typeof folder>;
  /** The folder for backups. */
  readonly store: string;
  stored(): string[];
  /** Values under `backup`; the folder is the store. */
  backup(values: Readonly<Record<string, unknown>>, others?: Readonly<Record<string, unknown>>): void;
  /** The values file. */
  readonly values: string;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Result>;
  json(...args: readonly string[]): Promise<Record<string, unknown>>;
}

export const FILES = {
  "001_orders.sql": `-- Up Migration
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, total numeric(10,2), note text);
CREATE TABLE logs (id serial PRIMARY KEY, line text);
-- Down Migration
DROP TABLE logs; DROP TABLE orders; DROP TABLE customers;
`,
};

export const DROPS_NOTE = {
  "002_note.sql":
    "-- Up Migration\nALTER TABLE orders DROP COLUMN note;\n-- Down Migration\nALTER TABLE orders ADD COLUMN note text;\n",
};
export const ADDS_STATE = {
  "002_state.sql":
    "-- Up Migration\nALTER TABLE orders ADD COLUMN state text;\n-- Down Migration\nALTER TABLE orders DROP COLUMN state;\n",
};

/** A server that a pg_dump here can read, a database with rows on it, and a folder for backups. */
export function useBackups(): BackupScene {
  let server: Server;
  let bin: string;
  let shop: Database;
  let files: ReturnType<typeof folder>;
  let desk: ReturnType<typeof folder>;
  beforeAll(async () => {
    bin = installedPostgres();
    process.env.HEADGATE_TEST_POSTGRES_BIN = bin;
    server = await startServer({
      settings: ["fsync = off", "max_prepared_transactions = 5"],
      password: CANARY,
    }).finally(() => {
      delete process.env.HEADGATE_TEST_POSTGRES_BIN;
    });
  });
  afterAll(async () => await server?.remove());
  const values = () => join(desk.path, "values.yaml");
  const start: BackupScene["start"] = (args, env = {}) =>
    startHeadgate([...args, "-f", values()], {
      DATABASE_URL: shop.url,
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      ...env,
    });
  const scene: BackupScene = {
    get server() {
      return server;
    },
    get bin() {
      return bin;
    },
    get shop() {
      return shop;
    },
    get files() {
      return files;
    },
    get store() {
      return join(desk.path, "store");
    },
    get values() {
      return values();
    },
    stored: () => readdirSync(scene.store).toSorted(),
    backup(backup, others = {}) {
      const all = {
        backup: { volume: { path: scene.store }, ...backup },
        plan: { refuse: "never" },
        migrations: { dir: files.path },
        ...others,
      };
      desk.write({ "values.yaml": JSON.stringify(all) });
    },
    start,
    run: async (args, env) => await start(args, env).result,
    json: async (...args) => JSON.parse((await start([...args, "--json"]).result).stdout),
  };
  beforeEach(async () => {
    shop = await createDatabase(server.url());
    files = folder(FILES);
    desk = folder({ "store/README": "not ours" });
    rmSync(join(desk.path, "store", "README"));
    scene.backup({ strategy: "dump" });
    await scene.run(["migrate"]);
    await shop.sql(`INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 100) AS n;
      INSERT INTO orders (customer, total, note) SELECT 1 + n % 100, n, md5(n::text) FROM generate_series(1, 5000) AS n;
      INSERT INTO logs (line) SELECT md5(n::text) FROM generate_series(1, 2000) AS n`);
  });
  afterEach(async () => {
    files.remove();
    desk.remove();
    await shop.drop();
  });
  return scene;
}
