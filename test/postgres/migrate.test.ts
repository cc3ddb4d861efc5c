import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../support/database.ts";
import { folder, headgate } from "../support/headgate.ts";

const V1 = {
  "001_orders.sql":
    "-- Up Migration\nCREATE TABLE orders (id bigint PRIMARY KEY, total numeric);\n-- Down Migration\nDROP TABLE orders;\n",
  "002_customers.up.sql": "CREATE TABLE customers (id bigint PRIMARY KEY);\n",
  "002_customers.down.sql": "DROP TABLE customers;\n",
};

let database: Database;
let files: ReturnType<typeof folder>;
const run = async (...args: string[]) => await headgate([...args, "--dir", files.path], { DATABASE_URL: database.url });

beforeEach(async () => {
  database = await createDatabase();
  files = folder(V1);
});
afterEach(async () => {
  files.remove();
  await database.drop();
});

describe("migrate", () => {
  it("applies what is pending, records up and down SQL with it, and does nothing the second time", async () => {
    const first = await run("migrate");
    expect(first).toMatchObject({ code: 0 });
    const rows = await database.sql(
      "SELECT name, state, up_sql, down_sql, down_kind, run FROM headgate.history ORDER BY sequence",
    );
    expect(rows).toMatchObject([
      { name: "001_orders", state: "applied", down_kind: "stored", run: "1" },
      {
        name: "002_customers",
        state: "applied",
        up_sql: V1["002_customers.up.sql"],
        down_sql: V1["002_customers.down.sql"],
      },
    ]);
    expect(rows[0]?.up_sql).toContain("CREATE TABLE orders");
    expect(rows[0]?.down_sql).toContain("DROP TABLE orders");
    const second = await run("migrate", "--json");
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ outcome: "done", applied: [] });
    expect(await database.sql("SELECT outcome, exit_code FROM headgate.run ORDER BY id")).toEqual([
      { outcome: "done", exit_code: 0 },
      { outcome: "done", exit_code: 0 },
    ]);
  });

  it("rolls a failing migration back whole, keeps those before it, and says what was not reached", async () => {
    files.write({
      "003_bad.sql":
        "CREATE TABLE half (id int);\n\nALTER TABLE orders\n  ADD COLUMN note text DEFAULT missing_function();\n",
      "004_later.sql": "CREATE TABLE later (id int);\n",
    });
    const result = await run("migrate", "--json");
    expect(result.code).toBe(6);
    expect(JSON.parse(result.stdout)).toMatchObject({
      outcome: "failed",
      exitCode: 6,
      applied: [{ name: "001_orders" }, { name: "002_customers" }],
      stoppedAt: "003_bad",
      notReached: ["004_later"],
      error: { id: "migration-failed" },
    });
    expect(result.stderr).toContain("003_bad.sql:3: function missing_function() does not exist (SQLSTATE 42883)");
    expect(await database.sql("SELECT to_regclass('half') AS half, to_regclass('later') AS later")).toEqual([
      { half: null, later: null },
    ]);
  });

  it("points at the place in the file where the server found fault", async () => {
    files.write({ "003_bad.sql": "SELECT 'é';\n\nUPDATE orders\n   SET totl = 1;\n" });
    const { stderr, code } = await run("migrate");
    expect(code).toBe(6);
    expect(stderr).toContain('003_bad.sql:4: column "totl" of relation "orders" does not exist (SQLSTATE 42703)');
    expect(stderr).toContain("  4 |    SET totl = 1;\n             ^\n");
  });

  it("goes on from where a failed run stopped once the file is mended", async () => {
    files.write({ "003_bad.sql": "CREATE TABLE half (id int); SELECT 1/0;" });
    expect((await run("migrate")).code).toBe(6);
    files.write({ "003_bad.sql": "CREATE TABLE half (id int);" });
    expect((await run("migrate")).code).toBe(0);
    expect(JSON.parse((await run("status", "--json")).stdout).pending).toEqual([]);
  });

  it("stops the pipeline at a constraint that fails only at the end of its transaction", async () => {
    files.write({
      "003_deferred.sql":
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (p int REFERENCES parent DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (1);",
      "004_later.sql": "CREATE TABLE later (id int);",
    });
    const result = await run("migrate");
    expect(result.code).toBe(6);
    expect(result.stderr).toContain("violates foreign key constraint");
    expect(await database.sql("SELECT to_regclass('child') AS child, to_regclass('later') AS later")).toEqual([
      { child: null, later: null },
    ]);
  });

  it("runs JavaScript, also one that reads the database, and infers how to undo it", async () => {
    files.write({
      "003_builder.mjs": 'export const up = (pgm) => { pgm.createTable("made", { id: "id" }); };\n',
      "004_reads.mjs":
        'export const up = async (pgm) => { const { rows } = await pgm.db.query("SELECT count(*)::int AS n FROM made"); pgm.sql("INSERT INTO made (id) VALUES (" + (rows[0].n + 41) + ")"); };\n',
    });
    expect((await run("migrate")).code).toBe(0);
    expect(await database.sql("SELECT id FROM made")).toEqual([{ id: 41 }]);
    const rows = await database.sql(
      "SELECT name, down_kind, up_sql FROM headgate.history WHERE name > '003' ORDER BY name",
    );
    expect(rows).toMatchObject([
      { name: "003_builder", down_kind: "stored" },
      { name: "004_reads", down_kind: "irreversible" },
    ]);
    expect(rows[1]?.up_sql).toContain("VALUES (41)");
  });

  it("gives up JavaScript that never ends, in its transaction or before the first, and says why", async () => {
    files.write({
      "003_hangs.mjs":
        'export const up = async (pgm) => { await pgm.db.query("LOCK TABLE pgmigrations"); await new Promise(() => {}); };\n',
    });
    const failed = await run("migrate");
    expect(failed).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("it did nothing for 30.0 s and did not end"),
    });
    expect(failed.stderr).toContain("003_hangs");
    files.write({
      "003_hangs.mjs": "export const up = (pgm, done) => { };\n",
      "004_back.mjs": "export const up = () => {}; export const down = async () => { await new Promise(() => {}); };\n",
    });
    const { code, stderr } = await headgate(["compile", "--dir", files.path]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("003_hangs.mjs: its function up failed"),
    });
  }, 240_000);

  it.each([
    ["keeps the process busy", "setInterval(() => {}, 1_000);"],
    [
      "throws when all is done",
      'const late = () => { if (process.listenerCount("uncaughtException") === 0) setTimeout(late, 1); else throw new Error("late"); }; late();',
    ],
  ])("ends well and at once, also where JavaScript %s", async (_what, left) => {
    files.write({ "003_left.mjs": `export const up = (pgm) => { pgm.sql("SELECT 1"); ${left} };\n` });
    const began = performance.now();
    expect(await run("migrate")).toMatchObject({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it("gives each migration the session it should have, whatever the one before did to it", async () => {
    files.write({
      "003_leaks.sql":
        "SET search_path = pg_temp; SET statement_timeout = '200ms'; CREATE TEMP TABLE leak (id int); SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;",
      "004_after.sql": "CREATE TABLE after_leak (id int); SELECT pg_sleep(0.3);",
    });
    const result = await run("migrate");
    expect(result.stderr).toContain("done, exit code 0");
    expect(await database.sql("SELECT to_regclass('public.after_leak')::text AS t")).toEqual([{ t: "after_leak" }]);
  });
});
