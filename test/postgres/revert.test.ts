import { describe, expect, it, onTestFinished } from "vitest";
import { folder } from "../support/headgate.ts";
import { backendRunning, useScene } from "./scene.ts";

const FILES = {
  "001_orders.sql":
    "-- Up Migration\nCREATE TABLE orders (id bigint PRIMARY KEY, note text);\nINSERT INTO orders VALUES (1, 'a'), (2, NULL);\n-- Down Migration\nDROP TABLE orders;\n",
  "002_total.sql":
    "-- Up Migration\nALTER TABLE orders ADD COLUMN total numeric;\n-- Down Migration\nALTER TABLE orders DROP COLUMN total;\n",
  "003_rename.sql":
    "-- Up Migration\nALTER TABLE orders RENAME COLUMN note TO remark;\n-- Down Migration\nALTER TABLE orders RENAME COLUMN remark TO note;\n",
};
const scene = useScene(FILES);
const names = async () =>
  (await scene.database.sql("SELECT name FROM headgate.history ORDER BY sequence")).map(({ name }) => name);
const mirrored = async () =>
  (await scene.database.sql("SELECT name FROM pgmigrations ORDER BY id")).map(({ name }) => name);
const columns = async () =>
  (
    await scene.database.sql(
      "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
  ).map(({ attname }) => attname);

/** As an image that was built before these migrations were written. */
const forget = (...files: readonly string[]) => {
  for (const file of files) scene.remove(file);
};
const auto = { rollback: { onAhead: "auto", delay: "0s" } };

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

describe("a database that is ahead of the files", () => {
  it("goes back, with auto, until all that is left ahead only adds", async () => {
    await scene.run("migrate");
    forget("002_total.sql", "003_rename.sql");
    scene.values(auto);
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await names()).toEqual(["001_orders", "002_total"]);
    expect(await columns()).toEqual(["id", "note", "total"]);
    expect(stderr).toContain("still ahead of these files: 002_total");
    scene.files.write({ "002_total.sql": FILES["002_total.sql"], "003_rename.sql": FILES["003_rename.sql"] });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await names()).toHaveLength(3);
  });

  it("goes back all the way with revert, and stays with tolerate", async () => {
    await scene.run("migrate");
    forget("002_total.sql", "003_rename.sql");
    scene.values({ rollback: { ...auto.rollback, onAhead: "tolerate" } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await names()).toHaveLength(3);
    scene.values({ rollback: { ...auto.rollback, onAhead: "revert" } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await names()).toEqual(["001_orders"]);
  });

  it("is left alone at the desk, where `headgate revert` is the way", async () => {
    await scene.run("migrate");
    forget("003_rename.sql");
    expect(await scene.run("migrate")).toMatchObject({ code: 3, stderr: expect.stringContaining("headgate revert") });
    expect(await scene.run("revert", "--yes")).toMatchObject({ code: 0 });
    expect(await names()).toEqual(["001_orders", "002_total"]);
  });
});

describe("a way back that would lose data", () => {
  const DROP = {
    "004_notes.sql":
      "-- Up Migration\nALTER TABLE orders ADD COLUMN extra text NOT NULL DEFAULT 'x';\nALTER TABLE orders RENAME COLUMN id TO key;\n-- Down Migration\nALTER TABLE orders RENAME COLUMN key TO id;\nALTER TABLE orders DROP COLUMN extra;\n",
  };

  it("is refused before anything changes, and the printed way out works", async () => {
    scene.files.write(DROP);
    await scene.run("migrate");
    forget("004_notes.sql");
    scene.values(auto);
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(3);
    expect(stderr).toContain("004_notes: taking it back would lose 2 values of orders.extra");
    expect(stderr).toContain("nothing was changed");
    expect(await names()).toHaveLength(4);
    const [, command = ""] = /headgate (revert --to 003_rename --accept-data-loss --yes)/.exec(stderr) ?? [];
    expect(await scene.run(...command.split(" "))).toMatchObject({ code: 0 });
    expect(await names()).toHaveLength(3);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("is carried out by revert --refused, once", async () => {
    scene.files.write(DROP);
    await scene.run("migrate");
    forget("004_notes.sql");
    scene.values(auto);
    await scene.run("migrate");
    expect(await scene.run("revert", "--refused", "--accept-data-loss", "--yes")).toMatchObject({ code: 0 });
    expect(await names()).toHaveLength(3);
    const again = await scene.run("revert", "--refused", "--accept-data-loss", "--yes");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("no-such-target") });
  });

  it("loses nothing when the table is empty or the column NULL everywhere", async () => {
    await scene.run("migrate");
    await scene.database.sql("DELETE FROM orders");
    expect(await scene.run("revert", "--all", "--yes")).toMatchObject({ code: 0 });
    expect(await names()).toEqual([]);
  });

  it("lets the release through with onRefusal proceed", async () => {
    scene.files.write(DROP);
    await scene.run("migrate");
    forget("004_notes.sql");
    scene.values({ rollback: { ...auto.rollback, onRefusal: "proceed" } });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("rollback.onRefusal is proceed");
    expect(await names()).toHaveLength(4);
  });
});

describe("a way back that is not there", () => {
  it("is refused for a migration without down SQL, which can be taken back by hand and recorded", async () => {
    scene.files.write({ "004_one_way.sql": "ALTER TABLE orders RENAME TO bookings;\n" });
    await scene.run("migrate");
    forget("004_one_way.sql");
    scene.values(auto);
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(3);
    expect(stderr).toContain("004_one_way: it has no down SQL");
    await scene.database.sql("ALTER TABLE bookings RENAME TO orders");
    const [, command = ""] = /headgate (repair 004_one_way --pending --yes)/.exec(stderr) ?? [];
    expect(await scene.run(...command.split(" "))).toMatchObject({ code: 0 });
    expect(await mirrored()).toHaveLength(3);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("stops whole, with 6 and what stands, when the stored SQL no longer runs", async () => {
    await scene.run("migrate");
    await scene.database.sql("ALTER TABLE orders DROP COLUMN total");
    const { code, stderr } = await scene.run("revert", "--to", "001_orders", "--yes");
    expect(code).toBe(6);
    expect(stderr).toContain("revert-failed");
    expect(stderr).toContain('column "total" of relation "orders" does not exist');
    expect(stderr).toContain("taken back by this run: 003_rename");
    expect(await names()).toEqual(["001_orders", "002_total"]);
  });
});

describe("a target of revert that makes no sense", () => {
  it("is refused, and the way out named", async () => {
    scene.files.write({ "004_pending.sql": "SELECT 1;\n" });
    await scene.run("migrate");
    scene.files.write({ "005_pending.sql": "SELECT 1;\n" });
    for (const [args, words] of [
      [["--to", "001_order"], "did you mean 001_orders?"],
      [["--to", "005_pending"], "is not applied"],
      [["--steps", "9"], "4 are applied"],
      [["--steps", "x"], "whole number"],
      [["--release", "shop:3"], "no run of shop:3 is recorded"],
      [["--release", "x"], "takes a revision"],
      [["--to", "001_orders", "--all"], "different goals"],
      [["--refused"], "the last run here was not refused"],
    ] as const) {
      const { code, stderr } = await scene.run("revert", ...args, "--yes");
      expect({ args, code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
    }
    expect(await names()).toHaveLength(4);
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

describe("signed down SQL", () => {
  it("is run when it fits its signature, and refused when somebody changed it or the key is another", async () => {
    const keys = folder({ right: "0123456789abcdef0123456789abcdef", other: "another-key-that-is-long-enough!" });
    onTestFinished(keys.remove);
    const key = ["--signing-key", `${keys.path}/right`];
    expect(await scene.run("migrate", ...key)).toMatchObject({ code: 0 });
    const other = await scene.run("revert", "--steps", "1", "--yes", "--signing-key", `${keys.path}/other`);
    expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining("does not fit its signature") });
    await scene.database.sql("UPDATE headgate.history SET down_sql = 'DROP TABLE orders' WHERE name = '003_rename'");
    expect(await scene.run("revert", "--steps", "1", "--yes", ...key)).toMatchObject({ code: 3 });
    expect(await names()).toHaveLength(3);
  });
});

describe("two targets in one database with migrations of one name", () => {
  it("go back by themselves: the other keeps its own", async () => {
    await scene.run("migrate");
    scene.values({ history: { target: "other" }, database: { searchPath: ["other", "public"] } });
    await scene.database.sql("CREATE SCHEMA other");
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    scene.values({});
    const status = await scene.json("status");
    expect(status).toMatchObject({ pending: [], ahead: [] });
    expect(await scene.run("migrate")).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") });
  });
});
