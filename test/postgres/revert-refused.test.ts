import { describe, expect, it, onTestFinished } from "vitest";
import { folder } from "../support/headgate.ts";
import { auto, useOrdersScene } from "./orders-scene.ts";

const { scene, names, mirrored, forget } = useOrdersScene();

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
