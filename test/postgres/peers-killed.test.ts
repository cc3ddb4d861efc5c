import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHeadgate } from "../support/headgate.ts";
import { halfOpenWay } from "./half-open.ts";
import { backendRunning, eventually, useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, ref int); INSERT INTO orders VALUES (1, 7), (2, 8);\n",
});
const BUILD = "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY orders_ref ON orders (ref);\n";
const HELD = "CREATE INDEX CONCURRENTLY";

const indexes = async () =>
  await scene.database.sql(
    "SELECT c.relname AS name, i.indisvalid AS valid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE 'orders_ref%'",
  );
const isRunning = async (pid: number): Promise<boolean> =>
  (await scene.database.sql(`SELECT FROM pg_stat_activity WHERE pid = ${pid} AND state = 'active'`)).length > 0;

/** A transaction that every CREATE INDEX CONCURRENTLY on orders waits for. */
async function openWriter(): Promise<pg.Client> {
  const writer = await scene.database.connect();
  await writer.query("BEGIN; INSERT INTO orders VALUES (99, 99)");
  return writer;
}

/** Kills a run in its build with SIGKILL; gives the backend that the server goes on with. */
async function killInBuild(): Promise<number> {
  const way = await halfOpenWay(scene.database.url);
  onTestFinished(() => way.close());
  const agent = startHeadgate(["migrate", "--dir", scene.files.path], { DATABASE_URL: way.url });
  const pid = await backendRunning(scene.database, HELD);
  agent.process.kill("SIGKILL");
  expect(await agent.result).toMatchObject({ signal: "SIGKILL" });
  return pid;
}

async function terminate(pid: number): Promise<void> {
  await scene.database.sql(`SELECT pg_terminate_backend(${pid})`);
  await eventually(async () => expect(await isRunning(pid)).toBe(false));
}

/** The end that no peer reaches: a valid index, recorded, and nothing left to do or to say. */
async function expectHealed(): Promise<void> {
  expect(await indexes()).toEqual([{ name: "orders_ref", valid: true }]);
  expect(await scene.database.sql("SELECT state, step FROM headgate.history WHERE name = '002_index'")).toEqual([
    { state: "applied", step: 1 },
  ]);
  expect(await scene.run("verify")).toMatchObject({ code: 0 });
  expect(await scene.run("migrate")).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") });
}

describe("B1: kill -9 in CREATE INDEX CONCURRENTLY, and a rerun", () => {
  it("while the orphan still builds waits for it, deadlocks nobody, and adopts the index", async () => {
    await scene.run("migrate");
    scene.files.write({ "002_index.sql": BUILD });
    const writer = await openWriter();
    const orphan = await killInBuild();
    const rerun = scene.start("migrate");
    await eventually(() => expect(rerun.stderr()).toContain(`another run holds the lock: pid ${orphan}`));
    // Longer than deadlock_timeout, and than client_connection_check_interval.
    await sleep(3_000);
    expect(await isRunning(orphan)).toBe(true);
    const queued = "SELECT pid FROM pg_locks WHERE NOT granted";
    expect(await scene.database.sql(queued)).toEqual([{ pid: orphan }]);
    await writer.query("COMMIT");
    const { code, stderr } = await rerun.result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("the index orders_ref is there and valid, so it is adopted");
    await expectHealed();
    const deadlocks = "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()";
    expect(await scene.database.sql(deadlocks)).toEqual([{ deadlocks: 0 }]);
  });

  it("after the orphan was terminated drops the invalid index and builds it, with the writer still there at first", async () => {
    await scene.run("migrate");
    scene.files.write({ "002_index.sql": BUILD });
    const writer = await openWriter();
    await terminate(await killInBuild());
    expect(await indexes()).toEqual([{ name: "orders_ref", valid: false }]);
    const rerun = scene.start("migrate");
    await backendRunning(scene.database, "DROP INDEX CONCURRENTLY");
    await writer.query("COMMIT");
    const { code, stderr } = await rerun.result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("was invalid and is dropped");
    await expectHealed();
  });

  it("of a file with IF NOT EXISTS does not take the invalid index for one that is there", async () => {
    await scene.run("migrate");
    scene.files.write({ "002_index.sql": BUILD.replace("orders_ref", "IF NOT EXISTS orders_ref") });
    const writer = await openWriter();
    await terminate(await killInBuild());
    await writer.query("COMMIT");
    expect(await indexes()).toEqual([{ name: "orders_ref", valid: false }]);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    await expectHealed();
  });
});

describe("B1: an invalid index that was there before any run", () => {
  /** What a failed build by hand leaves. */
  async function leaveInvalid(): Promise<void> {
    await scene.run("migrate");
    await scene.database.sql("INSERT INTO orders VALUES (3, 8)");
    const build = scene.database.sql("CREATE UNIQUE INDEX CONCURRENTLY orders_ref ON orders (ref)");
    await expect(build).rejects.toMatchObject({ code: "23505" });
    expect(await indexes()).toEqual([{ name: "orders_ref", valid: false }]);
    await scene.database.sql("DELETE FROM orders WHERE id = 3");
  }

  it("is not hidden by CREATE INDEX CONCURRENTLY IF NOT EXISTS", async () => {
    await leaveInvalid();
    scene.files.write({ "002_index.sql": BUILD.replace("orders_ref", "IF NOT EXISTS orders_ref") });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    await expectHealed();
  });

  it("is not hidden by IF NOT EXISTS in a file with a transaction: the run names it, and verify ends with 3", async () => {
    await leaveInvalid();
    scene.files.write({ "002_index.sql": "CREATE INDEX IF NOT EXISTS orders_ref ON orders (ref);\n" });
    const { stderr } = await scene.run("migrate");
    expect(stderr).toContain("orders_ref");
    const verified = await scene.run("verify");
    expect(verified.code).toBe(3);
    expect(verified.stdout + verified.stderr).toContain("orders_ref: an invalid index");
  });
});
