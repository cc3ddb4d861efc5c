import type pg from "pg";
import { describe, expect, it } from "vitest";
import { backendRunning, eventually, useScene } from "./scene.ts";

const scene = useScene({ "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" });
const ALTER = "ALTER TABLE orders ADD COLUMN note text; CREATE TABLE beside (id int);\n";

/** A session that holds `orders` until it ends its transaction. */
async function holdOrders(): Promise<pg.Client> {
  const client = await scene.database.connect();
  await client.query("SET application_name = 'nightly-report'; BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE");
  return client;
}

const pidOf = async (client: pg.Client): Promise<number> =>
  Number((await client.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid);

describe("a table that another session has locked", () => {
  it("ends the run with 4 within migrate.lockBudget: nothing held, nothing half, the blocker named", async () => {
    await scene.run("migrate");
    const blocker = await holdOrders();
    scene.files.write({ "002_note.sql": ALTER, "003_later.sql": "SELECT 1;" });
    scene.values({ migrate: { lockBudget: "1s" } });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(4);
    expect(stderr).toContain("lock-not-available: 002_note did not get its table locks");
    expect(stderr).toContain(`blocked by pid ${await pidOf(blocker)}, nightly-report`);
    expect(stderr).toContain("not reached: 003_later");
    expect(await scene.database.sql("SELECT to_regclass('beside') AS beside")).toEqual([{ beside: null }]);
    expect(await scene.database.sql("SELECT outcome, exit_code FROM headgate.run ORDER BY id DESC LIMIT 1")).toEqual([
      { outcome: "failed", exit_code: 4 },
    ]);
    const left =
      "SELECT count(*)::int AS left FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'headgate:%'";
    await eventually(async () => expect(await scene.database.sql(left)).toEqual([{ left: 0 }]));
    await blocker.query("ROLLBACK");
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("and that is released while the run tries again is no failure, in a file without a transaction either", async () => {
    await scene.run("migrate");
    const blocker = await holdOrders();
    scene.files.write({
      "002_note.sql": ALTER,
      "003_bare.sql": `-- headgate: no-transaction\nALTER TABLE orders ADD COLUMN more text;`,
    });
    const agent = scene.start("migrate");
    await eventually(() => expect(agent.stderr()).toContain("002_note: waiting for a table lock, blocked by pid"));
    await blocker.query("COMMIT");
    expect(await agent.result).toMatchObject({ code: 0 });
  });

  it("is never waited for without end, even when lockTimeout.first is 0ms", async () => {
    await scene.run("migrate");
    await holdOrders();
    scene.files.write({ "002_note.sql": ALTER });
    scene.values({ migrate: { lockBudget: "1s", lockTimeout: { first: "0ms" } } });
    const agent = scene.start("migrate");
    const timer = setTimeout(() => agent.process.kill("SIGTERM"), 15_000);
    const { code } = await agent.result;
    clearTimeout(timer);
    expect([1, 4]).toContain(code);
  });
});

describe("the run lock", () => {
  it("lets two agents that start at once both end well, with everything applied once", async () => {
    scene.files.write({
      "002_slow.sql": "CREATE TABLE slow (id int); SELECT pg_sleep(1);",
      "003_last.sql": "CREATE TABLE last (id int);",
    });
    const [one, two] = await Promise.all([scene.run("migrate", "--json"), scene.run("migrate", "--json")]);
    expect([one.code, two.code]).toEqual([0, 0]);
    const applied = [one, two].flatMap(({ stdout }) => JSON.parse(stdout).applied);
    expect(applied).toHaveLength(3);
    expect(await scene.database.sql("SELECT count(*)::int AS count FROM pgmigrations")).toEqual([{ count: 3 }]);
  });

  it("that another run holds ends this one with 4, and names the holder", async () => {
    scene.files.write({ "002_slow.sql": "SELECT pg_sleep(20);" });
    const first = scene.start("migrate");
    const pid = await backendRunning(scene.database, "pg_sleep");
    scene.values({ migrate: { lockBudget: "1s" } });
    const { code, stderr } = await scene.run("migrate");
    first.process.kill("SIGTERM");
    expect(code).toBe(4);
    expect(stderr).toContain(`holder: pid ${pid}, headgate:desk:migrate`);
    expect(await first.result).toMatchObject({ code: 143 });
  });

  it("that node-pg-migrate's CLI holds is respected, and a run of ours keeps the CLI out", async () => {
    const cli = await scene.database.connect();
    await cli.query("SET application_name = 'a-laptop'; SELECT pg_advisory_lock(7241865325823964)");
    scene.values({ migrate: { lockBudget: "1s" } });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(4);
    expect(stderr).toContain(`pid ${await pidOf(cli)}, a-laptop`);
    await cli.query("SELECT pg_advisory_unlock_all()");
    scene.files.write({ "002_slow.sql": "SELECT pg_sleep(20);" });
    const agent = scene.start("migrate");
    await backendRunning(scene.database, "pg_sleep");
    const { rows } = await cli.query("SELECT pg_try_advisory_lock(7241865325823964) AS had");
    agent.process.kill("SIGTERM");
    expect(rows).toEqual([{ had: false }]);
    expect(await agent.result).toMatchObject({ code: 143 });
  });
});

describe("the first run on a fresh database", () => {
  it("of two targets at once makes Headgate's schema once, and both end well", async () => {
    const other = await scene.database.connect();
    await other.query("BEGIN; CREATE SCHEMA headgate");
    const agent = scene.start("migrate");
    await backendRunning(scene.database, "CREATE SCHEMA");
    await other.query("COMMIT");
    const { code, stderr } = await agent.result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });
});
