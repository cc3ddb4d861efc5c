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
      /lock: ACCESS EXCLUSIVE on orders \(about 1,002 rows, \d+ kB\): reads and writes wait; the table is rewritten/,
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
          { lock: "ACCESS EXCLUSIVE", table: "orders", rewrites: true, scans: true, size: { rows: 1_002 } },
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
    expect(stdout).toContain("ACCESS EXCLUSIVE on &#34;c&#124;d&#96;&#60;b&#62;&#34;");
    expect(stdout).toContain("`````sql\nSELECT '````'");
  });

  it("knows with the database what a file does not say: an index's table, a foreign key's other end, what a type costs", async () => {
    await scene.run("migrate");
    await scene.database.sql(
      "CREATE INDEX by_remark ON orders (remark); CREATE TABLE lines (o bigint CONSTRAINT lines_o REFERENCES orders, code varchar(5))",
    );
    scene.files.write({
      "004_known.sql":
        "DROP INDEX by_remark;\nALTER TABLE lines DROP CONSTRAINT lines_o;\nALTER TABLE lines ALTER code TYPE varchar(9);\nALTER TABLE lines ALTER code TYPE char(9);\n",
    });
    const { migrations } = await scene.json("plan");
    const both = [
      { table: "lines", lock: "ACCESS EXCLUSIVE" },
      { table: "orders", lock: "ACCESS EXCLUSIVE" },
    ];
    expect(migrations).toMatchObject([
      {
        statements: [
          { lock: "ACCESS EXCLUSIVE", table: "orders", complete: true },
          { locks: both, rewrites: false, complete: true },
          { rewrites: false, scans: false },
          { rewrites: true },
        ],
      },
    ]);
  });

  it("finds the size of a table whatever is in its name, and of a partitioned one what its partitions hold", async () => {
    await scene.run("migrate");
    const odd = '"a.b"."c""d.e"';
    await scene.database.sql(
      `CREATE SCHEMA "a.b"; CREATE TABLE ${odd} AS SELECT generate_series(1, 300) AS id; ANALYZE ${odd};
       CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
       INSERT INTO parts SELECT 1 FROM generate_series(1, 70); ANALYZE parts`,
    );
    scene.files.write({
      "004_odd.sql": `ALTER TABLE ${odd} ADD COLUMN x int;\nALTER TABLE parts ADD COLUMN x int;\n`,
    });
    const { migrations } = await scene.json("plan");
    expect(migrations).toMatchObject([
      {
        statements: [
          { table: odd, size: { rows: 300 } },
          { table: "parts", locks: [{ table: "parts" }, { table: "part1" }], size: { rows: 70, bytes: 8_192 } },
        ],
      },
    ]);
  });

  it("lets no name play tricks with a terminal, and shows who takes a risk, and why", async () => {
    await scene.run("migrate");
    scene.files.write({
      "004_odd.sql":
        '-- headgate: allow HG211 reason="nobody\u001b[2J reads it"\nALTER TABLE orders DROP COLUMN remark;\nALTER TABLE "x\u001b[31my" ADD COLUMN x int;\n',
    });
    const { stdout } = await scene.run("plan");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain('ACCESS EXCLUSIVE on "x\\u{1b}[31my"');
    expect(stdout).toMatch(/HG211 accepted \(nobody\\u\{1b\}\[2J reads it\): /);
    expect(stdout).toMatch(/004_odd {2}\(.*\) {2}risk: \w+, 1 accepted/);
  });

  it("as SQL is what a run sends, in its order", async () => {
    await pending();
    scene.files.write({
      "005_index.sql": "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY orders_total ON orders (total);\n",
    });
    const { code, stdout } = await scene.run("plan", "--format", "sql");
    expect(code).toBe(0);
    const parts = [
      "-- 004_more\nBEGIN; SET LOCAL lock_timeout = ",
      ".guard(",
      "CREATE TABLE items (id bigint PRIMARY KEY, o bigint);",
      "RESET ROLE",
      'INSERT INTO "headgate".history',
      "SET CONSTRAINTS ALL IMMEDIATE; COMMIT",
      "-- 005_index\nBEGIN; ",
      "SET lock_timeout = 0\n;\nCREATE INDEX CONCURRENTLY orders_total ON orders (total)\n;",
      "SET step = 1",
    ];
    let from = 0;
    for (const part of parts) {
      const at = stdout.indexOf(part, from);
      expect({ part, isThere: at >= from }).toEqual({ part, isThere: true });
      from = at;
    }
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
