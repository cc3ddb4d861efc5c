import { describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql":
    'CREATE TABLE orders (id bigint PRIMARY KEY, ref int, "Total" numeric); CREATE TABLE "Odd Name" (id int); INSERT INTO orders VALUES (1, 7, 9.50), (2, 7, NULL);\n',
  "002_view.sql": 'CREATE VIEW recent AS SELECT * FROM orders; CREATE INDEX orders_total ON orders ("Total");\n',
});
const smoke = async (expectations: Readonly<Record<string, unknown>>) => {
  scene.values({ smoke: expectations });
  return await scene.run("smoke");
};

/** A unique index that cannot be built stays behind, invalid. */
async function leaveInvalidIndex(): Promise<void> {
  await scene.database.sql("CREATE UNIQUE INDEX CONCURRENTLY orders_ref ON orders (ref)").catch(() => undefined);
}

describe("smoke", () => {
  it("is content when every expectation is met", async () => {
    await scene.run("migrate");
    const result = await smoke({
      tables: ["orders", "public.orders", "recent", '"Odd Name"'],
      columns: ["orders.id", 'public.orders."Total"', "orders.Total".replace("Total", "ref")],
      indexes: ["orders_pkey", "public.orders_total"],
      queries: [
        { sql: "SELECT count(*) FROM orders", expect: 2 },
        { sql: "SELECT 'text'; ", expect: "text" },
        { sql: "SELECT EXISTS (SELECT FROM orders) -- a comment", expect: true },
        { sql: 'SELECT "Total" FROM orders WHERE id = 2', expect: null },
        { sql: "SELECT 1 FROM orders WHERE id = 77", expect: null },
        { sql: 'SELECT "Total" FROM orders WHERE id = 1', expect: "9.50" },
      ],
      version: "001_orders",
    });
    expect(result).toMatchObject({ code: 0 });
  });

  it("reports every expectation that is not met at once, with code 3", async () => {
    await scene.run("migrate");
    await leaveInvalidIndex();
    const { code, stderr } = await smoke({
      tables: ["order", "shop.orders"],
      columns: ["orders.total", "nowhere.id"],
      indexes: ["orders_ref", "orders_gone"],
      queries: [
        { sql: "SELECT count(*) FROM orders", expect: 3 },
        { sql: "SELECT nonsense", expect: 1 },
        { sql: "SELECT true", expect: "yes" },
        { sql: "DELETE FROM orders RETURNING 1", expect: 1 },
      ],
      version: "003_next",
    });
    expect(code).toBe(3);
    expect(stderr).toContain("11 of 11 expectations are not met");
    for (const line of [
      "table order is not there",
      "table shop.orders is not there",
      "column orders.total is not there",
      "column nowhere.id is not there",
      "index orders_ref is invalid",
      "index orders_gone is not there",
      "SELECT count(*) FROM orders gives 2, expected 3",
      'SELECT nonsense: column "nonsense" does not exist',
      "SELECT true gives true, expected yes",
      "version 003_next is not applied; the newest is 002_view",
    ]) {
      expect(stderr).toContain(line);
    }
    expect(await scene.database.sql("SELECT count(*)::int AS left FROM orders")).toEqual([{ left: 2 }]);
  });

  it("reads names and types as PostgreSQL does", async () => {
    await scene.run("migrate");
    await scene.database.sql(
      "CREATE TABLE kinds (a numeric(12), b float(24), c float(53), d timestamp(3) with time zone, CONSTRAINT a_positive CHECK (a > 0))",
    );
    const result = await smoke({
      tables: ["ORDERS"],
      columns: [
        "ORDERS.ID",
        { column: "kinds.A", type: "numeric(12)" },
        { column: "kinds.a", type: "DECIMAL (12, 0)" },
        { column: "kinds.b", type: "float(24)" },
        { column: "kinds.c", type: "float(53)" },
        { column: "kinds.d", type: "timestamptz(3)" },
      ],
      constraints: ["Kinds.A_POSITIVE"],
      queries: [{ sql: "SELECT 1; -- the end", expect: 1 }],
    });
    expect(result).toMatchObject({ code: 0 });
    const wrong = await smoke({ columns: [{ column: "kinds.a", type: "numeric(11)" }, "ORDERS.idd"] });
    expect(wrong.stderr).toContain("column kinds.a is numeric(12,0), expected numeric(11)");
    expect(wrong.stderr).toContain("column ORDERS.idd is not there; did you mean id?");
  });

  it("says what a query has to be, and which setting ended it", async () => {
    await scene.run("migrate");
    const { stderr } = await smoke({
      queries: [
        { sql: "DELETE FROM orders", expect: 1 },
        { sql: "SELECT pg_sleep(5)::text", expect: "" },
      ],
      timeout: "100ms",
    });
    expect(stderr).toMatch(/query DELETE FROM orders: syntax error .*; it has to be one query that reads/);
    expect(stderr).toContain("query SELECT pg_sleep(5)::text: no answer in smoke.timeout, 100ms");
  });

  it("refuses bounds that ask nothing, or that no table has", async () => {
    const { code, stderr } = await smoke({ rows: [{ table: "orders" }, { table: "orders", atLeast: 5, atMost: 3 }] });
    expect(code).toBe(1);
    expect(stderr).toContain("smoke.rows.0 asks nothing of orders");
    expect(stderr).toContain("smoke.rows.1 wants at least 5 rows of orders and at most 3");
  });

  it("does not take NULL for the text NULL, nor the other way round", async () => {
    const { code, stderr } = await smoke({
      queries: [
        { sql: "SELECT NULL::text", expect: "NULL" },
        { sql: "SELECT 'NULL'", expect: null },
      ],
    });
    expect(code).toBe(3);
    expect(stderr).toContain("2 of 2 expectations are not met");
  });

  it("cannot change the database, not even by ending its own transaction", async () => {
    await scene.run("migrate");
    await smoke({
      queries: [
        {
          sql: "SELECT 1) AS q(answer)) AS answer; COMMIT; DROP TABLE orders CASCADE; SELECT (SELECT (SELECT 1",
          expect: 1,
        },
      ],
    });
    expect(await scene.database.sql("SELECT to_regclass('orders')::text AS orders")).toEqual([{ orders: "orders" }]);
  });

  it("before the first migration says that the version is not applied", async () => {
    const { code, stderr } = await smoke({ version: "001_orders" });
    expect(code).toBe(3);
    expect(stderr).toContain("version 001_orders is not applied; the newest is none");
  });

  it("runs at the end of migrate too, and what was migrated stays when it fails", async () => {
    scene.values({ smoke: { tables: ["nowhere"] } });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(3);
    expect(stderr).toContain("the migrations of this run are committed and stay");
    expect(await scene.database.sql("SELECT outcome, exit_code FROM headgate.run")).toEqual([
      { outcome: "failed", exit_code: 3 },
    ]);
  });
});
