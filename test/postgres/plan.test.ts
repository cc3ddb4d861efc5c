import { describe, expect, it } from "vitest";
import { folder, startHeadgate } from "../support/headgate.ts";
import { useOrdersScene } from "./orders-scene.ts";

const { scene } = useOrdersScene();

const PENDING = {
  "004_more.sql":
    "-- Up Migration\nCREATE TABLE items (id bigint PRIMARY KEY, o bigint);\nCREATE INDEX items_o ON items (o);\nALTER TABLE orders ALTER COLUMN total TYPE text;\n-- Down Migration\nDROP TABLE items;\n",
};

/** A thousand orders, counted by the server, and a migration that is still to be applied. */
async function pending(): Promise<void> {
  await scene.run("migrate");
  await scene.database.sql("INSERT INTO orders SELECT g, 'x' FROM generate_series(10, 1009) AS g");
  await scene.database.sql("ANALYZE orders");
  scene.files.write(PENDING);
}

describe("the plan", () => {
  it("says what each statement locks, how big that is here, and what clients feel; nothing of its own new tables", async () => {
    await pending();
    const { code, stdout } = await scene.run("plan");
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toContain("004_more  (phase unknown, reversible)");
    expect(stdout).toMatch(
      /lock: ACCESS EXCLUSIVE on orders \(about 1,002 rows, \d+ kB\): reads and writes wait; the table may be rewritten/,
    );
    expect(stdout).not.toContain("on items");
  });

  it("holds in JSON what a program needs", async () => {
    await pending();
    const { hash, migrations } = await scene.json("plan");
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(migrations).toMatchObject([
      {
        name: "004_more",
        phase: "unknown",
        downKind: "stored",
        statements: [
          { lock: null, table: null },
          { lock: null, table: null },
          { lock: "ACCESS EXCLUSIVE", table: "orders", rewrites: null, size: { rows: 1_002 } },
        ],
      },
    ]);
  });

  it("says of a table that was never analyzed that nobody knows its rows, and waits for no lock", async () => {
    await scene.run("migrate");
    await scene.database.sql("CREATE TABLE fresh (a int); INSERT INTO fresh SELECT generate_series(1, 10)");
    scene.files.write({ "005_fresh.sql": "ALTER TABLE fresh ADD COLUMN b int;\n" });
    const holder = await scene.database.connect();
    await holder.query("BEGIN; LOCK TABLE fresh IN ACCESS EXCLUSIVE MODE");
    const { stdout } = await scene.run("plan");
    await holder.end();
    expect(stdout).toContain("on fresh (never analyzed, ");
  });

  it("in markdown lets no name do anything", async () => {
    scene.files.write({
      "004_odd.sql":
        'CREATE TABLE "a|b`<script>[x](y)*" (id int);\nALTER TABLE "c|d`<b>" ADD COLUMN x int;\nSELECT \'````\';\n',
    });
    await scene.database.sql('CREATE TABLE "c|d`<b>" (id int)');
    const { stdout } = await scene.run("plan", "--format", "markdown");
    expect(stdout).toContain("### 004&#95;odd");
    expect(stdout).toContain("ACCESS EXCLUSIVE on c&#124;d&#96;&#60;b&#62;");
    expect(stdout).toContain("`````sql\nSELECT '````'");
  });

  it("is made without a database as far as files tell, and says what it cannot know", async () => {
    const files = folder({ "001_orders.sql": "ALTER TABLE orders ADD COLUMN b int;\n" });
    const { code, stdout, stderr } = await startHeadgate(["plan", "--dir", files.path]).result;
    files.remove();
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("no database is named") });
    expect(stdout).toContain("lock: ACCESS EXCLUSIVE on orders: reads and writes wait");
  });

  it("of a database that does not answer is none: only one that nobody named is done without", async () => {
    const { code } = await scene.runAs("postgresql://nobody@127.0.0.1:1/none", "plan");
    expect(code).toBe(2);
  });
});
