import { describe, expect, it } from "vitest";
import { ORDERS, useOrdersScene } from "./orders-scene.ts";

const { scene, names, columns } = useOrdersScene();

describe("baseline", () => {
  it("records what was there before, runs nothing, and goes back by the files' own SQL", async () => {
    await scene.database.sql("CREATE TABLE orders (id bigint PRIMARY KEY, note text, total numeric)");
    expect(await scene.run("baseline", "--to", "002_totals", "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("did you mean 002_total?"),
    });
    expect(await scene.run("baseline", "--to", "002_total")).toMatchObject({ code: 1 });
    expect(await scene.run("baseline", "--to", "002_total", "--yes")).toMatchObject({ code: 0 });
    expect(await names()).toEqual(["001_orders", "002_total"]);
    expect(await scene.run("migrate")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("applied 003_rename"),
    });
    expect(await scene.run("revert", "--to", "001_orders", "--yes")).toMatchObject({ code: 0 });
    expect(await columns()).toEqual(["id", "note"]);
  });
});

describe("repair", () => {
  it("accepts an edit on purpose, and finds nothing else to do", async () => {
    await scene.run("migrate");
    scene.files.write({ "001_orders.sql": `${ORDERS["001_orders.sql"]}-- a remark\n` });
    expect(await scene.run("migrate")).toMatchObject({ code: 3 });
    expect(await scene.run("repair")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("001_orders: changed after"),
    });
    expect(await scene.run("repair", "001_orders", "--accept-edit", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("repair")).toMatchObject({ code: 0, stdout: "nothing to repair\n" });
  });
});
