import { describe, expect, it } from "vitest";
import { useOrdersScene } from "./orders-scene.ts";
import { backendRunning } from "./scene.ts";

const { scene, names, mirrored, columns, forget } = useOrdersScene();

describe("revert takes back", () => {
  it("what comes after --to, newest first, with the SQL that the database keeps", async () => {
    await scene.run("migrate");
    forget("002_total.sql", "003_rename.sql");
    const { code, stderr } = await scene.run("revert", "--to", "001_orders", "--yes");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr.indexOf("took back 003_rename")).toBeLessThan(stderr.indexOf("took back 002_total"));
    expect(await names()).toEqual(["001_orders"]);
    expect(await mirrored()).toEqual(["001_orders"]);
    expect(await columns()).toEqual(["id", "note"]);
    expect(
      await scene.database.sql(
        "SELECT command, from_name, to_name, outcome FROM headgate.run ORDER BY id DESC LIMIT 1",
      ),
    ).toEqual([{ command: "revert", from_name: "003_rename", to_name: "001_orders", outcome: "done" }]);
    expect(
      await scene.database.sql(
        "SELECT name, entry ->> 'up_sql' LIKE '%remark%' AS kept FROM headgate.reverted ORDER BY id",
      ),
    ).toEqual([
      { name: "003_rename", kept: true },
      { name: "002_total", kept: false },
    ]);
  });

  it("so many --steps, everything with --all, and nothing when nothing is left", async () => {
    await scene.run("migrate");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    expect(await names()).toEqual(["001_orders", "002_total"]);
    expect(await scene.run("revert", "--all", "--accept-data-loss", "--yes")).toMatchObject({ code: 0 });
    expect(await names()).toEqual([]);
    const { code, stderr } = await scene.run("revert", "--all", "--yes");
    expect(code).toBe(0);
    expect(stderr).toContain("nothing to take back");
  });

  it("nothing without --yes or a terminal, and shows what it would do", async () => {
    await scene.run("migrate");
    const refused = await scene.run("revert", "--steps", "1");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("to be taken back, newest first: 003_rename");
    expect(refused.stderr).toContain("--yes");
    const dry = await scene.run("revert", "--steps", "2", "--dry-run");
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("003_rename, 002_total") });
    expect(await names()).toHaveLength(3);
  });
});

describe("a way back whose connection is lost", () => {
  it("goes on after it, and not one step further", async () => {
    scene.files.write({
      "004_slow.sql":
        "-- Up Migration\nCREATE TABLE slow ();\n-- Down Migration\nSELECT pg_sleep(3); DROP TABLE slow;\n",
      "005_last.sql": "-- Up Migration\nCREATE TABLE last ();\n-- Down Migration\nDROP TABLE last;\n",
    });
    await scene.run("migrate");
    const agent = scene.start("revert", "--steps", "2", "--accept-data-loss", "--yes");
    const pid = await backendRunning(scene.database, "pg_sleep");
    await scene.database.sql(`SELECT pg_terminate_backend(${pid})`);
    const { code, stderr } = await agent.result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("taken back by this run: 005_last, 004_slow");
    expect(await names()).toEqual(["001_orders", "002_total", "003_rename"]);
  });
});

describe("files without a transaction", () => {
  const INDEX = "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY orders_note ON orders (remark);\n";

  it("that only build indexes get their way back by themselves", async () => {
    scene.files.write({ "004_index.sql": INDEX });
    await scene.run("migrate");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.database.sql("SELECT to_regclass('orders_note') AS index")).toEqual([{ index: null }]);
    expect(await names()).toHaveLength(3);
  });

  it("go back statement by statement, and go on where a failure stopped them", async () => {
    scene.files.write({
      "004_index.sql": `-- Up Migration\n${INDEX}-- Down Migration\n-- headgate: no-transaction\nCREATE TABLE trace (id int);\nSELECT 1 / (SELECT count(*) FROM trace);\nDROP INDEX CONCURRENTLY orders_note;\n`,
    });
    await scene.run("migrate");
    const stopped = await scene.run("revert", "--steps", "1", "--accept-data-loss", "--yes");
    expect(stopped).toMatchObject({ code: 7, stderr: expect.stringContaining("statement 2 of 3") });
    expect(await scene.database.sql("SELECT state, step FROM headgate.history WHERE name = '004_index'")).toEqual([
      { state: "reverting", step: 1 },
    ]);
    await scene.database.sql("INSERT INTO trace VALUES (1)");
    const again = await scene.run("revert", "--to", "003_rename", "--accept-data-loss", "--yes");
    expect({ ...again }).toMatchObject({ code: 0 });
    expect(await names()).toHaveLength(3);
    expect(await scene.database.sql("SELECT to_regclass('orders_note') AS index")).toEqual([{ index: null }]);
  });
});
