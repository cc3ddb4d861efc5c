import { describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

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
const columns = async () =>
  (
    await scene.database.sql(
      "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
  ).map(({ attname }) => attname);

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
    scene.files.write({ "001_orders.sql": `${FILES["001_orders.sql"]}-- a remark\n` });
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
