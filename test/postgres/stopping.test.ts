import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase } from "../support/database.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { folder, startHeadgate } from "../support/headgate.ts";
import { backendRunning, eventually, useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n",
  "002_slow.sql": "CREATE TABLE half (id int); SELECT pg_sleep(3);\n",
  "003_last.sql": "CREATE TABLE last (id int);\n",
});
const RUNS = "SELECT outcome, exit_code FROM headgate.run ORDER BY id";

describe("a run that is told to stop by SIGTERM", () => {
  it("in a long statement ends with 143, is rolled back, and the next run goes on from there", async () => {
    scene.files.write({ "002_slow.sql": "CREATE TABLE half (id int); SELECT pg_sleep(60);\n" });
    const agent = scene.start("migrate", "--json");
    await backendRunning(scene.database, "pg_sleep");
    agent.process.kill("SIGTERM");
    const { code, stdout, stderr } = await agent.result;
    expect(code).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: "stopped",
      applied: [{ name: "001_orders" }],
      stoppedAt: "002_slow",
      notReached: ["003_last"],
    });
    expect(stderr).toContain("told to stop by SIGTERM");
    expect(await scene.database.sql("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    expect(await scene.database.sql(RUNS)).toEqual([{ outcome: "stopped", exit_code: 143 }]);
    scene.files.write({ "002_slow.sql": "CREATE TABLE half (id int);\n" });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("while it waits for another run ends with 143 and holds nothing", async () => {
    const other = await scene.database.connect();
    await other.query("SELECT pg_advisory_lock(7241865325823964)");
    const agent = scene.start("migrate");
    await eventually(() => expect(agent.stderr()).toContain("another run holds the lock"));
    agent.process.kill("SIGTERM");
    expect(await agent.result).toMatchObject({ code: 143 });
    await other.query("SELECT pg_advisory_unlock_all()");
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("while it waits for a table lock ends with 143", async () => {
    await scene.run("migrate");
    const other = await scene.database.connect();
    await other.query("BEGIN; LOCK TABLE orders");
    scene.files.write({ "004_alter.sql": "ALTER TABLE orders ADD COLUMN note text;" });
    const agent = scene.start("migrate");
    await eventually(() => expect(agent.stderr()).toContain("004_alter: waiting for a table lock"));
    agent.process.kill("SIGTERM");
    expect(await agent.result).toMatchObject({ code: 143 });
  });
});

describe("a run whose backend is terminated in the middle of a migration", () => {
  it("connects again and finishes: everything is applied once, and no run is left as running", async () => {
    const agent = scene.start("migrate", "--json");
    const pid = await backendRunning(scene.database, "pg_sleep");
    await scene.database.sql(`SELECT pg_terminate_backend(${pid})`);
    const { code, stdout, stderr } = await agent.result;
    expect(stderr).toContain("connecting again");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).applied.map((one: { name: string }) => one.name)).toEqual([
      "001_orders",
      "002_slow",
      "003_last",
    ]);
    expect(await scene.database.sql("SELECT name FROM pgmigrations ORDER BY id")).toEqual([
      { name: "001_orders" },
      { name: "002_slow" },
      { name: "003_last" },
    ]);
    expect(await scene.database.sql("SELECT DISTINCT outcome FROM headgate.run")).toEqual([{ outcome: "done" }]);
  });
});

describe("a server that crashes in the middle of a migration", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer({ settings: ["fsync = off"] });
  });
  afterAll(async () => await server.remove());

  const startOn = (url: string, timeout: string) => {
    const desk = folder({ "values.yaml": `wait: {timeout: ${timeout}}` });
    const args = ["migrate", "--json", "--dir", scene.files.path, "-f", `${desk.path}/values.yaml`];
    return startHeadgate(args, { DATABASE_URL: url });
  };

  it("and comes back costs the run nothing but time", async () => {
    const database = await createDatabase(server.url());
    const agent = startOn(database.url, "40s");
    await backendRunning(database, "pg_sleep");
    await server.stop("immediate");
    await server.start();
    expect(await agent.result).toMatchObject({ code: 0 });
    expect(await database.sql("SELECT name FROM headgate.history ORDER BY sequence")).toHaveLength(3);
    await database.drop();
  });

  it("and stays away ends the run with 2: what stands is said, and the report names the place", async () => {
    const database = await createDatabase(server.url());
    const agent = startOn(database.url, "2s");
    await backendRunning(database, "pg_sleep");
    await server.stop("immediate");
    const { code, stdout, stderr } = await agent.result;
    await server.start();
    expect(code).toBe(2);
    expect(stderr).toContain("connection-lost");
    expect(stderr).toContain("What stands: what was committed is in");
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2, applied: [{ name: "001_orders" }], stoppedAt: "002_slow" });
    await database.drop();
  });
});
