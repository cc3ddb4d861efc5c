import { describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

const scene = useScene({
  "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n",
  "002_customers.sql": "CREATE TABLE customers (id bigint PRIMARY KEY);\n",
});
const migrate = async () => await scene.run("migrate");

describe("migrate refuses with code 3 and changes nothing when", () => {
  it("a file was edited after it was applied", async () => {
    await migrate();
    scene.files.write({ "001_orders.sql": "CREATE TABLE orders (id int PRIMARY KEY);\n", "003_new.sql": "SELECT 1;" });
    const { code, stderr } = await migrate();
    expect(code).toBe(3);
    expect(stderr).toContain("migration-edited: 001_orders: changed after it was applied");
    expect((await scene.json("status")).pending).toEqual([{ name: "003_new" }]);
  });

  it("a file that was applied is missing, although later ones are there", async () => {
    await migrate();
    scene.remove("001_orders.sql");
    const { code, stderr } = await migrate();
    expect(code).toBe(3);
    expect(stderr).toContain("migration-missing: 001_orders");
    expect(stderr).toContain("up_sql");
  });

  it("the database is ahead, and says by what", async () => {
    scene.files.write({ "003_a.sql": "SELECT 1;", "004_b.sql": "SELECT 1;" });
    await migrate();
    scene.remove("003_a.sql");
    scene.remove("004_b.sql");
    const { code, stderr } = await migrate();
    expect(code).toBe(3);
    expect(stderr).toContain("database-ahead: the database is ahead of these files by 003_a, 004_b");
    expect((await scene.json("status")).ahead).toEqual([{ name: "003_a" }, { name: "004_b" }]);
  });

  it("a pending file sorts before one that is applied, unless plan.outOfOrder allows it", async () => {
    scene.files.write({ "010_late.sql": "SELECT 1;" });
    await migrate();
    scene.files.write({ "005_early.sql": "CREATE TABLE early (id int);" });
    const { code, stderr } = await migrate();
    expect(code).toBe(3);
    expect(stderr).toContain("out-of-order: 005_early comes before 010_late");
    scene.values({ plan: { outOfOrder: "allow" } });
    expect(await migrate()).toMatchObject({ code: 0 });
    expect(await scene.database.sql("SELECT to_regclass('early')::text AS early")).toEqual([{ early: "early" }]);
  });

  it("the plan is not the one that plan.expected pins", async () => {
    const { hash } = await scene.json("plan");
    scene.values({ plan: { expected: "0".repeat(64) } });
    const { code, stderr } = await migrate();
    expect(code).toBe(3);
    expect(stderr).toContain(`plan-changed: the plan is ${hash}`);
    scene.values({ plan: { expected: hash } });
    expect(await migrate()).toMatchObject({ code: 0 });
    expect(await migrate()).toMatchObject({ code: 0 });
  });

  it("a table of someone else lies where Headgate's would", async () => {
    await scene.database.sql("CREATE SCHEMA headgate; CREATE TABLE headgate.history (id int, note text)");
    const { code, stderr } = await migrate();
    expect(stderr).toContain("is not Headgate's table");
    expect(stderr).toContain("history.schema");
    expect(code).toBe(3);
  });

  it("any other table of someone else lies where Headgate's would", async () => {
    await scene.database.sql("CREATE SCHEMA headgate; CREATE TABLE headgate.run (id int, speed int)");
    const { code, stderr } = await migrate();
    expect(stderr).toContain("history.schema");
    expect(code).toBe(3);
  });

  it("the history was written by a newer Headgate that older ones must not write after", async () => {
    await migrate();
    await scene.database.sql("UPDATE headgate.meta SET min_writer = 99");
    const { code, stderr } = await migrate();
    expect(stderr).toContain("newer Headgate");
    expect(code).toBe(3);
  });
});

describe("the history", () => {
  it("can lie in another schema, and several sets can share one database", async () => {
    scene.values({ history: { schema: "ledger", target: "shop.eu-1", pgmigrations: { table: "shop_migrations" } } });
    expect(await migrate()).toMatchObject({ code: 0 });
    expect(await scene.database.sql("SELECT target, name FROM ledger.history ORDER BY sequence")).toEqual([
      { target: "shop.eu-1", name: "001_orders" },
      { target: "shop.eu-1", name: "002_customers" },
    ]);
    scene.remove("001_orders.sql");
    scene.remove("002_customers.sql");
    scene.files.write({ "001_billing.sql": "CREATE TABLE billing (id int);" });
    scene.values({ history: { schema: "ledger", target: "billing", pgmigrations: { table: "billing_migrations" } } });
    expect(await migrate()).toMatchObject({ code: 0 });
  });

  it("of another set is never taken for one's own, whatever table pgmigrations is", async () => {
    await migrate();
    scene.remove("001_orders.sql");
    scene.remove("002_customers.sql");
    scene.files.write({ "001_billing.sql": "CREATE TABLE billing (id int);" });
    scene.values({ history: { target: "billing" } });
    const { code, stderr } = await migrate();
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });

  it("takes no name that SQL could misread", async () => {
    for (const history of [
      { target: "x'; DROP TABLE orders; --" },
      { schema: 'a"b' },
      { pgmigrations: { table: "a b" } },
    ]) {
      scene.values({ history });
      const { code, stderr } = await migrate();
      expect(code).toBe(1);
      expect(stderr).toContain(`history.${Object.keys(history)[0]}`);
    }
  });
});
