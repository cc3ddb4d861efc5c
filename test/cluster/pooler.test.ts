import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, type QueryResultRow } from "pg";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { AGENT } from "../support/headgate.ts";
import { createDatabase, type Database, dropDatabase, query } from "./harness/database.ts";
import { currentCluster } from "./harness/handle.ts";
import { type RunResult, run } from "./harness/run.ts";
import { eventually } from "./harness/wait.ts";
import { temporaryFolder } from "./shop.ts";

const PGBOUNCER = "/usr/sbin/pgbouncer";
const PORT = 6432;
/** PgBouncer refuses to run as root. */
const NOBODY = 65534;

/** Names of its pools; each leads to the same database. */
type Pool = "transaction" | "statement" | "session" | "one";
const SHARED = ["transaction", "statement"] as const;

interface Scene {
  /** Runs the agent through a pool, or past it, as the owner of the database. */
  headgate(way: Pool | "direct", ...args: readonly string[]): Promise<RunResult>;
  files(more: Readonly<Record<string, string>>): Promise<void>;
  values(values: Readonly<Record<string, unknown>>): Promise<void>;
  /** One statement as the superuser, past the pooler. */
  sql<Row extends QueryResultRow>(text: string): Promise<Row[]>;
  /** A client through a pool, open until the test ends. */
  client(pool: Pool): Promise<Client>;
  readonly database: Database;
}

function configuration({ name, user, password, port }: Database, host: string, folder: string): string {
  const pool = (pooled: string, more: string) =>
    `${pooled} = host=${host} port=${port} dbname=${name} user=${user} password=${password} ${more}`;
  return [
    "[databases]",
    ...["transaction", "statement", "session"].map((mode) => pool(mode, `pool_mode=${mode}`)),
    pool("one", "pool_mode=session pool_size=1"),
    "[pgbouncer]",
    `unix_socket_dir = ${folder}`,
    "listen_addr =",
    `listen_port = ${PORT}`,
    "auth_type = any",
    "",
  ].join("\n");
}

/** In the network of the server, which it reaches as pods do; clients come by its Unix socket. */
async function startPgbouncer(database: Database): Promise<string> {
  const { enter, kind } = currentCluster();
  const folder = await temporaryFolder();
  const file = join(folder, "pgbouncer.ini");
  // The name of our own server is known to its pods' DNS only.
  await writeFile(file, configuration(database, kind === "own" ? "127.0.0.1" : database.host, folder));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of [folder, file]) chownSync(path, NOBODY, NOBODY);
  chmodSync(folder, 0o755);
  const asNobody = isRoot ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  const [command = "", ...args] = [...enter, ...asNobody, PGBOUNCER, "--quiet", file];
  const child = spawn(command, args, { stdio: "ignore" });
  onTestFinished(() => ended(child));
  await eventually("PgBouncer's socket", async () => existsSync(join(folder, `.s.PGSQL.${PORT}`)) || undefined);
  return folder;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once("exit", resolve).kill("SIGKILL"));
}

let count = 0;

async function makeScene({ skip }: TestContext): Promise<Scene> {
  const { kind, postgres } = currentCluster();
  skip(kind === "external" && !existsSync(PGBOUNCER), `there is no ${PGBOUNCER} beside this cluster`);
  count += 1;
  const name = `pooler_${process.pid}_${count}`;
  const database = await createDatabase(postgres, name);
  onTestFinished(() => dropDatabase(postgres, name));
  const sql = <Row extends QueryResultRow>(text: string) => query<Row>(postgres, name, { text });
  await sql(`ALTER DATABASE ${name} SET lock_timeout = '7s'`);
  const [migrations, desk, socket] = [await temporaryFolder(), await temporaryFolder(), await startPgbouncer(database)];
  const direct = new URL(postgres.adminUrl);
  direct.pathname = `/${name}`;
  direct.username = database.user;
  direct.password = database.password;
  const url = (way: Pool | "direct") =>
    way === "direct"
      ? direct.href
      : `postgresql://${database.user}@localhost:${PORT}/${way}?host=${encodeURIComponent(socket)}`;
  const values = async (all: Readonly<Record<string, unknown>>) =>
    await writeFile(join(desk, "values.yaml"), JSON.stringify(all));
  await values({});
  return {
    database,
    sql,
    values,
    headgate: (way, ...args) =>
      run([process.execPath, AGENT, ...args, "--dir", migrations, "-f", join(desk, "values.yaml")], {
        env: { DATABASE_URL: url(way) },
        mayFail: true,
      }),
    async files(more) {
      for (const [file, text] of Object.entries(more)) await writeFile(join(migrations, file), text);
    },
    async client(pool) {
      const client = new Client({ connectionString: url(pool) });
      client.on("error", () => {});
      await client.connect();
      onTestFinished(() => client.end().catch(() => undefined));
      return client;
    },
  };
}

const ORDERS = { "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" };
const LOCKS =
  "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/** What clients of a pool find on a server connection that others have used before them. */
async function settingsIn(scene: Scene, pool: Pool): Promise<unknown> {
  const { rows } = await (await scene.client(pool)).query(
    `SELECT current_setting('lock_timeout') AS lock, current_setting('role') AS role, current_setting('search_path') AS path,
      current_setting('client_connection_check_interval') AS checks`,
  );
  return rows[0];
}

const UNTOUCHED = { lock: "7s", role: "none", path: '"$user", public', checks: "0" };

test.for(SHARED)(
  "pool_mode = %s: two agents at once are both refused, and nothing is changed",
  async (pool, context) => {
    const scene = await makeScene(context);
    await scene.files(ORDERS);
    await scene.values({ database: { role: scene.database.user, searchPath: ["public"] } });
    const results = await Promise.all([scene.headgate(pool, "migrate"), scene.headgate(pool, "migrate")]);
    for (const { code, stderr } of results) {
      expect({ code, stderr }).toMatchObject({ code: 3 });
      expect(stderr).toContain("a pooler that shares server connections between clients");
      expect(stderr).toContain("take the port of PostgreSQL itself, as a rule 5432, instead of PgBouncer's 6432");
      expect(stderr).toContain("What stands: nothing was changed");
    }
    expect(await scene.sql("SELECT FROM pg_namespace WHERE nspname = 'headgate'")).toEqual([]);
    expect(await scene.sql(LOCKS)).toEqual([]);
    expect(await settingsIn(scene, pool)).toEqual(UNTOUCHED);
  },
);

test("pool_mode = transaction: every command that writes is refused, those that read go on and leave no setting", async (context) => {
  const scene = await makeScene(context);
  await scene.files(ORDERS);
  expect(await scene.headgate("direct", "migrate")).toMatchObject({ code: 0 });
  const before = await scene.sql("SELECT * FROM headgate.run, headgate.history");
  for (const args of [
    ["migrate"],
    ["revert", "--steps", "1", "--yes"],
    ["repair", "001_orders", "--pending", "--yes"],
    ["baseline", "--to", "001_orders", "--yes"],
  ]) {
    const { code, stderr } = await scene.headgate("transaction", ...args);
    expect({ args, code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("pooler: ") });
  }
  expect(await scene.sql("SELECT * FROM headgate.run, headgate.history")).toEqual(before);
  const reader = `${scene.database.name}_reader`;
  await scene.sql(`CREATE ROLE ${reader} IN ROLE pg_read_all_data; GRANT ${reader} TO ${scene.database.user}`);
  onTestFinished(async () => void (await scene.sql(`DROP ROLE ${reader}`)));
  const smoke = { queries: [{ sql: "SELECT current_user || ' ' || current_schema", expect: `${reader} headgate` }] };
  await scene.values({ database: { role: reader, searchPath: ["headgate", "public"] }, smoke });
  for (const command of ["status", "plan", "verify", "smoke"]) {
    const { code, stderr } = await scene.headgate("transaction", command);
    expect({ command, code, stderr }).toMatchObject({ code: 0 });
  }
  expect(await settingsIn(scene, "transaction")).toMatchObject({ role: "none", path: '"$user", public', checks: "0" });
});

test("pool_mode = transaction: why, with PgBouncer's own means: two clients hold one lock, and it outlives both", async (context) => {
  const scene = await makeScene(context);
  const [one, two] = [await scene.client("transaction"), await scene.client("transaction")];
  const lock = "SELECT pg_try_advisory_lock(4711) AS had";
  expect((await one.query(lock)).rows).toEqual([{ had: true }]);
  expect((await two.query(lock)).rows).toEqual([{ had: true }]);
  await one.end();
  await two.end();
  expect(await scene.sql(LOCKS)).toHaveLength(1);
});

test("pool_mode = session: two agents at once both end well, everything is applied once, and goes back", async (context) => {
  const scene = await makeScene(context);
  await scene.files({
    ...ORDERS,
    "002_ran.up.sql": "CREATE TABLE ran (name text); SELECT pg_sleep(1);\n",
    "002_ran.down.sql": "DROP TABLE ran;\n",
    "003_state.sql":
      "-- Up Migration\nSET search_path = pg_catalog; INSERT INTO public.ran VALUES ('003');\n-- Down Migration\nSELECT 1;\n",
    "004_index.sql": "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY ran_name ON ran (name);\n",
    "005_row.sql":
      "-- Up Migration\nINSERT INTO ran VALUES ('005'); CREATE VIEW seen AS SELECT 1 AS one;\n-- Down Migration\nDROP VIEW seen;\n",
  });
  const results = await Promise.all([scene.headgate("session", "migrate"), scene.headgate("session", "migrate")]);
  for (const { code, stderr } of results) {
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("through a pooler") });
  }
  expect(results.filter(({ stderr }) => stderr.includes("another run holds the lock"))).toHaveLength(1);
  expect(await scene.sql("SELECT name FROM ran ORDER BY name")).toEqual([{ name: "003" }, { name: "005" }]);
  expect(await scene.sql("SELECT count(*)::int AS applied FROM headgate.history WHERE state = 'applied'")).toEqual([
    { applied: 5 },
  ]);
  const back = await scene.headgate("session", "revert", "--steps", "1", "--yes");
  expect(back).toMatchObject({ code: 0 });
  expect(await scene.sql("SELECT to_regclass('seen') AS seen")).toEqual([{ seen: null }]);
  expect(await scene.sql(LOCKS)).toEqual([]);
});

test("pool_mode = session: after a migration that fails, nothing of it and nothing behind it is done", async (context) => {
  const scene = await makeScene(context);
  await scene.files({
    ...ORDERS,
    "002_bad.sql": "CREATE TABLE half (id int); SELECT 1/0; CREATE TABLE other (id int);\n",
    "003_last.sql": "CREATE TABLE last (id int);\n",
  });
  const { code, stdout } = await scene.headgate("session", "migrate", "--json");
  expect(code).toBe(6);
  expect(JSON.parse(stdout)).toMatchObject({ applied: [{ name: "001_orders" }], stoppedAt: "002_bad" });
  expect(await scene.sql("SELECT relname FROM pg_class WHERE relname IN ('orders', 'half', 'other', 'last')")).toEqual([
    { relname: "orders" },
  ]);
});

test("a pool of one connection: it cannot be told, so it is refused in seconds, with what to do", async (context) => {
  const scene = await makeScene(context);
  await scene.files(ORDERS);
  const { code, stderr } = await scene.headgate("one", "migrate");
  expect({ code, stderr }).toMatchObject({ code: 3 });
  expect(stderr).toContain("could not be told whether a client keeps its server connection");
  expect(stderr).toContain("a second client beside it got no server connection: no answer in 3.0 s");
});
