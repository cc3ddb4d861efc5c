import { expect, it } from "vitest";
import { eventually, useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql": "CREATE TABLE orders (id int);\nINSERT INTO orders VALUES (1);",
  "002_total.sql":
    "-- Up Migration\nALTER TABLE orders ADD total numeric;\n-- Down Migration\nALTER TABLE orders DROP total;",
  "003_index.sql": "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY orders_id ON orders (id);",
});

it("of each migration the report keeps when it began, its statements, its locks and whether it ran in a transaction", async () => {
  const { applied, stages, durationMs } = await scene.json("migrate");
  expect(applied).toMatchObject([
    { name: "001_orders", transaction: true, statements: 2 },
    { name: "002_total", transaction: true, statements: 1, locks: [{ table: "orders", lock: "ACCESS EXCLUSIVE" }] },
    { name: "003_index", transaction: false, statements: 1 },
  ]);
  // It locks only what it makes.
  expect((applied as object[])[0]).not.toHaveProperty("locks");
  const all = [...(stages as { startedMs: number }[]), ...(applied as { startedMs: number }[])];
  for (const { startedMs } of all) expect(startedMs).toBeLessThanOrEqual(Number(durationMs));
  const began = (applied as { startedMs: number }[]).map((one) => one.startedMs);
  expect(began).toEqual(began.toSorted((a, b) => a - b));
  const { reverted } = await scene.json("revert", "--steps", "2", "--accept-data-loss", "--yes");
  expect(reverted).toMatchObject([
    { name: "003_index", statements: 1 },
    { name: "002_total", transaction: true, statements: 1 },
  ]);
});

it("a migration that had to wait for its locks says how often it tried", async () => {
  expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  scene.files.write({ "004_more.sql": "ALTER TABLE orders ADD more int;" });
  const other = await scene.database.connect();
  await other.query("BEGIN; SELECT FROM orders");
  const run = scene.start("migrate", "--json");
  await eventually(() => expect(run.stderr()).toContain("waiting for a table lock"));
  await other.query("COMMIT");
  const { stdout } = await run.result;
  const [one] = JSON.parse(stdout).applied;
  expect(one).toMatchObject({ name: "004_more", locks: [{ table: "orders", lock: "ACCESS EXCLUSIVE" }] });
  expect(one.tries).toBeGreaterThan(1);
});
