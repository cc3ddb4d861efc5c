import { describe, expect, it } from "vitest";
import { auto, ORDERS, useOrdersScene } from "./orders-scene.ts";

const { scene, names, columns, forget } = useOrdersScene();

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
    scene.files.write({ "002_total.sql": ORDERS["002_total.sql"], "003_rename.sql": ORDERS["003_rename.sql"] });
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
