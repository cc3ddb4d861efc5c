import { describe, expect, it } from "vitest";
import { backendRunning, eventually, useScene } from "./scene.ts";

const scene = useScene({ "001_tables.sql": "CREATE TABLE one (id int);\nCREATE TABLE two (id int);\n" });
const BOTH = "ALTER TABLE one ADD COLUMN note text;\nALTER TABLE two ADD COLUMN note text;\n";
const columns = async () =>
  await scene.database.sql("SELECT count(*)::int FROM information_schema.columns WHERE column_name = 'note'");

/** Locks on the two tables that a session of the agent has or wants. */
const LOCKS = `SELECT c.relname, l.granted FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
  JOIN pg_stat_activity a ON a.pid = l.pid WHERE a.application_name LIKE 'headgate:%' AND c.relname IN ('one', 'two')
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

describe("a migration that alters two tables", () => {
  it("and loses a deadlock gives way, lets the other session end, and is applied by the next try", async () => {
    await scene.run("migrate");
    // The agent's backend looks for the deadlock first, and late enough for the other session to close the circle.
    await scene.database.sql(`ALTER DATABASE ${scene.database.name} SET deadlock_timeout = '3s'`);
    const other = await scene.database.connect();
    await other.query("SET deadlock_timeout = '10min'; BEGIN; LOCK TABLE two");
    scene.files.write({ "002_both.sql": `-- headgate: lock-timeout=30s\n${BOTH}` });
    const agent = scene.start("migrate");
    await eventually(async () =>
      expect(await scene.database.sql(`${LOCKS} AND NOT l.granted`)).toEqual([{ relname: "two", granted: false }]),
    );
    await other.query("LOCK TABLE one; COMMIT");
    const { code, stderr } = await agent.result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await columns()).toEqual([{ count: 2 }]);
    await eventually(async () =>
      expect(
        await scene.database.sql("SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()"),
      ).toEqual([{ deadlocks: 1 }]),
    );
  });

  it("and gets only one of them holds nothing between its tries, and nothing after the budget is spent", async () => {
    await scene.run("migrate");
    const other = await scene.database.connect();
    await other.query("SET application_name = 'nightly-report'; BEGIN; LOCK TABLE two IN ACCESS SHARE MODE");
    scene.files.write({ "002_both.sql": BOTH });
    scene.values({ migrate: { lockBudget: "6s", lockTimeout: { first: "200ms", largest: "200ms" } } });
    const agent = scene.start("migrate");
    await backendRunning(scene.database, "ADD COLUMN note");
    let free = 0;
    for (let looks = 0; looks < 200 && agent.process.exitCode === null; looks += 1) {
      free += Number((await scene.database.sql(LOCKS)).length === 0);
    }
    const { code, stderr } = await agent.result;
    expect(code).toBe(4);
    expect(stderr).toContain("nightly-report");
    expect(free).toBeGreaterThan(0);
    await eventually(async () => expect(await scene.database.sql(LOCKS)).toEqual([]));
    // Nobody has to wait for what the run has left.
    await scene.database.sql("SET lock_timeout = '1ms'; LOCK TABLE one");
    expect(await columns()).toEqual([{ count: 0 }]);
  });
});
