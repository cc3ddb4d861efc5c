import { describe, expect, it } from "vitest";
import { useReports } from "./report-scene.ts";
import { eventually } from "./scene.ts";

const { scene, expectTold } = useReports();

describe("a run is told from the database alone, in every format", () => {
  it("that applied: with its SQL and locks", async () => {
    await scene.run("migrate");
    const { html, data, failures, cases } = await expectTold([
      "2 migrations applied",
      "001_orders",
      "002_total",
      "ACCESS EXCLUSIVE",
    ]);
    expect(html).toContain("ALTER TABLE orders ADD total numeric;");
    expect(failures).toEqual([]);
    expect(cases).toBe(10);
    expect(data).toMatchObject({
      run: { run: "1", command: "migrate", outcome: "done", exitCode: 0, target: "default" },
      report: { format: 1, applied: [{ name: "001_orders" }, { name: "002_total" }] },
      migrations: [
        { name: "001_orders", direction: "up", sql: expect.stringContaining("CREATE TABLE orders"), phase: "expand" },
        { name: "002_total", locks: [{ table: "orders", lock: "ACCESS EXCLUSIVE" }] },
      ],
    });
  });

  it("that failed: what happened, what stands, what to do", async () => {
    scene.files.write({ "003_bad.sql": "ALTER TABLE orders DROP COLUMN nobody;", "004_later.sql": "SELECT 1;" });
    expect((await scene.run("migrate")).code).toBe(6);
    const { failures, data } = await expectTold([
      "at 003_bad",
      'column "nobody" of relation "orders" does not exist',
      "004_later",
      "001_orders",
    ]);
    expect(failures.map(({ attributes }) => attributes.message)).toEqual([expect.stringContaining('column "nobody"')]);
    expect(data.run).toMatchObject({ outcome: "failed", exitCode: 6 });
  });

  it("that went back: with the SQL that took it back, and the run before says so", async () => {
    await scene.run("migrate");
    await scene.run("revert", "--steps", "1", "--yes", "--accept-data-loss");
    const { html, data } = await expectTold(["1 migration taken back", "002_total"]);
    expect(html).toContain("ALTER TABLE orders DROP total;");
    expect(html).not.toContain("ADD total");
    expect(data.migrations).toMatchObject([{ name: "002_total", direction: "down" }]);
    const { html: before } = await expectTold(["2 migrations applied", "taken back since, by run 2"], "1");
    expect(before).toContain("ALTER TABLE orders ADD total numeric;");
  });

  it("whose expectations were not met", async () => {
    scene.values({ smoke: { tables: ["invoices"] } });
    expect((await scene.run("migrate")).code).toBe(3);
    const { failures } = await expectTold(["Migrate failed in smoke", "2 migrations applied", "invoices"]);
    expect(failures.length).toBeGreaterThanOrEqual(1);
  });

  it("that was stopped", async () => {
    scene.files.write({ "003_slow.sql": "SELECT pg_sleep(60);" });
    const run = scene.start("migrate");
    await eventually(() => expect(run.stderr()).toContain("applied 002_total"));
    run.process.kill("SIGTERM");
    expect((await run.result).code).toBe(143);
    const { data } = await expectTold(["Migrate was stopped at 003_slow", "2 migrations applied"]);
    expect(data.run).toMatchObject({ outcome: "stopped", exitCode: 143 });
  });

  it("that was killed: what it committed is shown, and that it never ended", async () => {
    scene.files.write({ "003_slow.sql": "SELECT pg_sleep(60);" });
    const run = scene.start("migrate");
    await eventually(() => expect(run.stderr()).toContain("applied 002_total"));
    await eventually(async () => expect((await scene.run("report")).stdout).toContain("this run is under way"));
    run.process.kill("SIGKILL");
    await run.result;
    await scene.database.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()",
    );
    await eventually(async () => expect((await scene.run("report")).stdout).toContain("this run never told its end"));
    const { data, failures, html } = await expectTold([
      "Migrate has not ended",
      "2 migrations applied",
      "it was killed",
    ]);
    expect(data).toMatchObject({
      run: { outcome: "running" },
      report: null,
      migrations: [{ name: "001_orders" }, { name: "002_total" }],
    });
    expect(failures).toHaveLength(1);
    expect(html).toContain("CREATE TABLE orders");
  });

  it("whose report is not kept any more: what is left is shown, and that it is not all", async () => {
    await scene.run("migrate");
    await scene.database.sql("UPDATE headgate.run SET report = NULL");
    const { data, html } = await expectTold(["is not kept any more", "2 migrations applied", "001_orders"]);
    expect(data).toMatchObject({ run: { outcome: "done", exitCode: 0 }, report: null });
    expect(html).toContain("ALTER TABLE orders ADD total numeric;");
    const { stdout } = await scene.run("report", "--format", "prometheus");
    for (const line of [/_run_failed\{.*\} 0$/m, /_applied_migrations\{.*\} 2$/m, /_run_timestamp_\w+\{.*\} 1\d{9}/m])
      expect(stdout).toMatch(line);
  });

  it("of more migrations than anybody wants to see the SQL of, and without its report", async () => {
    scene.files.write(
      Object.fromEntries(Array.from({ length: 320 }, (_, at) => [`${1000 + at}_many.sql`, `SELECT ${at} AS many;`])),
    );
    await scene.run("migrate");
    await scene.database.sql("UPDATE headgate.run SET report = NULL");
    const { stdout } = await scene.run("report", "--format", "html");
    expect(stdout).toContain("322 migrations applied");
    expect(stdout.match(/SELECT \d+ AS many/g)).toHaveLength(298);
    expect(stdout.match(/Its SQL is in the history/g)).toHaveLength(22);
  });

  it("that an older agent wrote, or that somebody has edited", async () => {
    await scene.run("migrate");
    for (const report of [
      { format: 1, command: "migrate", outcome: "done", applied: [{ name: "001_orders", durationMs: 3 }] },
      {
        format: 1,
        applied: "all",
        stages: [7, { name: 5 }],
        error: [],
        release: null,
        fleet: {},
        risks: {},
        schema: "x",
      },
      ["no report"],
      "text",
      {},
    ]) {
      await scene.database.sql(`UPDATE headgate.run SET report = '${JSON.stringify(report)}'`);
      for (const format of ["text", "html"]) {
        const { code, stdout } = await scene.run("report", "--format", format);
        expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("001_orders") });
      }
      expect((await scene.run("history")).code).toBe(0);
    }
  });

  it("whose tables are those of the first version", async () => {
    await scene.run("migrate");
    await scene.database.sql(
      "ALTER TABLE headgate.run DROP COLUMN from_name, DROP COLUMN to_name, DROP COLUMN actor, DROP COLUMN backend_pid; DROP TABLE headgate.reverted",
    );
    await expectTold(["2 migrations applied"]);
    expect((await scene.json("history")).runs).toMatchObject([{ id: "1", applied: 2, actor: null }]);
    expect((await scene.json("history", "--migrations")).migrations).toHaveLength(2);
  });
});
