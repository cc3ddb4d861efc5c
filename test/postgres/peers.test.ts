import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { Database } from "../support/database.ts";
import { useScene } from "./scene.ts";

const scene = useScene();
const names = async () =>
  (await scene.database.sql("SELECT name FROM headgate.history ORDER BY sequence")).map(({ name }) => name);

const numbered = (count: number, sql: (index: number) => string): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${String(index + 100)}_m.sql`, `${sql(index + 100)};\n`]),
  );

/** Milliseconds of the slowest query so far, of a session that asks for one row every 20 ms as an application does. */
async function application(database: Database): Promise<{ longest(): number; count(): number; stop(): Promise<void> }> {
  const client = await database.connect();
  const seen: number[] = [];
  let isOver = false;
  const loop = async () => {
    while (!isOver) {
      const began = performance.now();
      await client.query("SELECT note FROM orders WHERE id = 2");
      seen.push(performance.now() - began);
      await sleep(20);
    }
  };
  const asking = loop();
  return {
    longest: () => Math.max(...seen),
    count: () => seen.length,
    stop: async () => {
      isOver = true;
      await asking;
    },
  };
}

describe("B2: ADD COLUMN behind an UPDATE that stays open for 10 s", () => {
  const LARGEST_MS = 500;

  it("keeps no query of the application waiting longer than the largest rung and a second", async () => {
    scene.files.write({
      "001_orders.sql": "CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1), (2);\n",
    });
    await scene.run("migrate");
    const writer: pg.Client = await scene.database.connect();
    await writer.query("SET application_name = 'night-shift'; BEGIN; UPDATE orders SET note = 'x' WHERE id = 1");
    const clients = [await application(scene.database), await application(scene.database)];
    scene.files.write({ "002_total.sql": "ALTER TABLE orders ADD COLUMN total int;\n" });
    scene.values({ migrate: { lockTimeout: { largest: `${LARGEST_MS}ms` } } });
    const agent = scene.start("migrate");
    await sleep(10_000);
    expect(agent.process.exitCode).toBe(null);
    await writer.query("COMMIT");
    const { code, stderr } = await agent.result;
    for (const client of clients) await client.stop();
    expect({ code, stderr }).toMatchObject({ code: 0 });
    for (const client of clients) {
      expect(client.count()).toBeGreaterThan(20);
      // Had nobody waited at all, the migration would not have been in anybody's way and this would show nothing.
      expect(client.longest()).toBeGreaterThan(LARGEST_MS / 5);
      expect(client.longest()).toBeLessThanOrEqual(LARGEST_MS + 1_000);
    }
    expect(stderr).toMatch(/002_total: waiting for a table lock, blocked by pid \d+, night-shift/);
    expect(await names()).toEqual(["001_orders", "002_total"]);
  });
});

describe("B3: two at once, 100 pending, the first run ever", () => {
  it.each([1, 2, 3])("both end with 0 and every table is there once, round %i", async () => {
    scene.files.write(numbered(100, (index) => `CREATE TABLE t_${index} (id bigint PRIMARY KEY)`));
    const [one, two] = await Promise.all([scene.run("migrate", "--json"), scene.run("migrate", "--json")]);
    expect([one, two]).toMatchObject([{ code: 0 }, { code: 0 }]);
    const applied = [one, two].map(({ stdout }) => JSON.parse(stdout).applied.length);
    expect(applied.toSorted((a, b) => a - b)).toEqual([0, 100]);
    const tables = "SELECT count(*)::int FROM pg_class WHERE relname LIKE 't\\_%' AND relkind = 'r'";
    expect(await scene.database.sql(tables)).toEqual([{ count: 100 }]);
    expect(await scene.database.sql("SELECT count(*)::int FROM pgmigrations")).toEqual([{ count: 100 }]);
  });
});

describe("B3b: two at once, the history there, 100 INSERTs pending", () => {
  it.each([1, 2, 3])("both end with 0 and every row is there once, round %i", async () => {
    scene.files.write({ "001_rows.sql": "CREATE TABLE rows (n int);\n" });
    await scene.run("migrate");
    scene.files.write(numbered(100, (index) => `INSERT INTO rows VALUES (${index})`));
    const both = await Promise.all([scene.run("migrate"), scene.run("migrate")]);
    expect(both).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await scene.database.sql("SELECT count(*)::int, count(DISTINCT n)::int AS different FROM rows")).toEqual([
      { count: 100, different: 100 },
    ]);
  });
});

describe("B4: a file that was edited after it was applied", () => {
  it("is refused with 3 and named, and nothing that is pending gets applied", async () => {
    scene.files.write({ "001_a.sql": "CREATE TABLE a (id int);\n", "002_b.sql": "CREATE TABLE b (id int);\n" });
    await scene.run("migrate");
    scene.files.write({ "001_a.sql": "CREATE TABLE a (id bigint);\n", "003_c.sql": "CREATE TABLE c (id int);\n" });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(3);
    expect(stderr).toContain("migration-edited: 001_a: changed after it was applied");
    expect(await names()).toEqual(["001_a", "002_b"]);
    expect(await scene.database.sql("SELECT to_regclass('c') AS c")).toEqual([{ c: null }]);
  });
});

describe("B5: an old image, whose newest file is 002_b, on a database with 003_c", () => {
  const SQL = (table: string) =>
    `-- Up Migration\nCREATE TABLE ${table} (id int);\n-- Down Migration\nDROP TABLE ${table};\n`;
  const tables = async () =>
    (await scene.database.sql("SELECT relname FROM pg_class WHERE relname IN ('a', 'b', 'c') ORDER BY 1")).map(
      ({ relname }) => relname,
    );

  async function goBackToOldImage(third: string): Promise<void> {
    scene.files.write({ "001_a.sql": SQL("a"), "002_b.sql": SQL("b"), "003_c.sql": third });
    await scene.run("migrate");
    scene.remove("003_c.sql");
  }

  it.each([
    { onAhead: "auto", code: 0, words: "still ahead of these files: 003_c" },
    { onAhead: "tolerate", code: 0, words: "still ahead of these files: 003_c" },
    { onAhead: "fail", code: 3, words: "database-ahead: the database is ahead of these files by 003_c" },
  ])("up with rollback.onAhead $onAhead leaves what only adds, ends with $code and says so", async (expected) => {
    await goBackToOldImage(SQL("c"));
    scene.values({ rollback: { onAhead: expected.onAhead, delay: "0s" } });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toEqual({ code: expected.code, stderr: expect.stringContaining(expected.words) });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await names()).toEqual(["001_a", "002_b", "003_c"]);
  });

  it.each([
    { onAhead: "auto", code: 0, words: "took back 003_c", left: 2 },
    { onAhead: "tolerate", code: 0, words: "still ahead of these files: 003_c", left: 3 },
    { onAhead: "fail", code: 3, words: "database-ahead", left: 3 },
  ])("up with rollback.onAhead $onAhead does as told with what older code cannot work with", async (expected) => {
    await goBackToOldImage(
      "-- Up Migration\nALTER TABLE b RENAME TO c;\n-- Down Migration\nALTER TABLE c RENAME TO b;\n",
    );
    scene.values({ rollback: { onAhead: expected.onAhead, delay: "0s" } });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toEqual({ code: expected.code, stderr: expect.stringContaining(expected.words) });
    expect(await names()).toHaveLength(expected.left);
    expect(await tables()).toEqual(expected.left === 2 ? ["a", "b"] : ["a", "c"]);
  });

  it("step down undoes 003_c, from the SQL that the database keeps, and not the newest file", async () => {
    await goBackToOldImage(SQL("c"));
    const { code, stderr } = await scene.run("revert", "--steps", "1", "--yes");
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("took back 003_c") });
    expect(await tables()).toEqual(["a", "b"]);
    expect(await names()).toEqual(["001_a", "002_b"]);
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
  });
});
