import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createDatabase, type Database, loginSql } from "../support/database.ts";
import { folder, startHeadgate } from "../support/headgate.ts";
import { useOrdersScene } from "./orders-scene.ts";
import { eventually } from "./scene.ts";

const { scene } = useOrdersScene();

const COPIES = "SELECT datname FROM pg_database WHERE datname LIKE 'headgate_rehearsal_%'";
const others: Database[] = [];
afterEach(async () => {
  for (const one of others.splice(0)) await one.drop();
});

const MORE = {
  "004_more.sql":
    "ALTER TABLE orders ADD COLUMN weight int;\nALTER TABLE orders ALTER COLUMN weight TYPE bigint;\nCREATE TABLE items (o bigint REFERENCES orders);\n",
  "005_beside.sql": "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY orders_weight ON orders (weight);\n",
};

const columns = async (database: Database): Promise<readonly unknown[]> =>
  (await database.sql("SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0")).map(
    ({ attname }) => attname,
  );

/** A copy of the scene's database that may be changed. */
async function restored(): Promise<Database> {
  const other = await createDatabase();
  others.push(other);
  return other;
}

/** Risks stop nothing here. */
const LENIENT = folder({ "values.yaml": "plan: { refuse: never }\n" });
afterAll(() => LENIENT.remove());

const traceIn = async (url: string) => {
  const args = ["plan", "--trace", "--dir", scene.files.path, "-f", `${LENIENT.path}/values.yaml`];
  return await startHeadgate(args, { DATABASE_URL: scene.database.url, HEADGATE_TRACE_URL: url }).result;
};

describe("a trace", () => {
  it("tells of each statement what it was to do and what it did, and leaves nothing behind", async () => {
    await scene.run("migrate");
    scene.files.write(MORE);
    const { code, stdout, stderr } = await scene.run("plan", "--trace");
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/copying t_\w+ \(\d+ [kM]B\)/) });
    expect(stdout).toMatch(
      /ALTER TABLE orders ADD COLUMN weight int +ACCESS EXCLUSIVE on orders +ACCESS EXCLUSIVE on orders; \d+ ms/,
    );
    expect(stdout).toMatch(/none but those held already; orders rewritten; [\d.]+ m?s/);
    expect(stdout).toMatch(/CREATE INDEX CONCURRENTLY .+SHARE UPDATE EXCLUSIVE on orders \(sampled\)/);
    expect(stdout).toContain("4 statements, the plan was right about ");
    expect(await columns(scene.database)).not.toContain("weight");
    expect(await scene.database.sql(COPIES)).toEqual([]);
  });

  it("holds in JSON what was seen of each statement, and of a script that reads the database the sum", async () => {
    await scene.run("migrate");
    scene.files.write({
      "004_weight.sql": "ALTER TABLE orders ADD COLUMN weight int;\n",
      "005_script.mjs":
        'export async function up(pgm) {\n  const { rows } = await pgm.db.query("SELECT count(*)::int AS n FROM orders");\n  pgm.sql("CREATE INDEX orders_" + rows[0].n + " ON orders (remark)");\n}\nexport const down = false;\n',
    });
    const { migrations } = await scene.json("plan", "--trace");
    const lock = (mode: string) => ({ locks: [{ table: "orders", lock: mode }], rewrites: false, sampled: false });
    expect(migrations).toMatchObject([
      {
        name: "004_weight",
        statements: [{ lock: "ACCESS EXCLUSIVE", traced: { ...lock("ACCESS EXCLUSIVE"), verdict: "right" } }],
      },
      { name: "005_script", statements: [], traced: lock("SHARE") },
    ]);
  });

  it("says where the plan could not tell, and what happened", async () => {
    await scene.run("migrate");
    scene.files.write({ "004_hidden.sql": "DO $$BEGIN EXECUTE 'ALTER TABLE orders ADD COLUMN weight int'; END$$;\n" });
    const { stdout } = await scene.run("plan", "--trace");
    expect(stdout).toContain("^ ACCESS EXCLUSIVE on orders was taken: only its run could tell");
    expect(stdout).toContain("1 statement, the plan was right about 0, could not tell all of 1");
  });

  it("names the statement that fails, and drops the copy", async () => {
    await scene.run("migrate");
    scene.files.write({ "004_fails.sql": "SELECT 1;\nALTER TABLE orders ALTER COLUMN total SET NOT NULL;\n" });
    const { code, stderr } = await scene.run("plan", "--trace");
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("004_fails.sql:2 fails in the copy: column"),
    });
    expect(await scene.database.sql(COPIES)).toEqual([]);
  });

  it("is refused while somebody is connected to the database, with the other way", async () => {
    await scene.run("migrate");
    scene.files.write(MORE);
    const visitor = await scene.database.connect();
    const { code, stderr } = await scene.run("plan", "--trace");
    await visitor.end();
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("no-throwaway-database") });
    expect(stderr).toContain("HEADGATE_TRACE_URL");
    expect(stderr).toContain("connected: ");
  });

  it("is refused to a role that may create no database, with the grant that it wants", async () => {
    await scene.run("migrate");
    scene.files.write(MORE);
    const role = `${scene.database.name}_reader`;
    await scene.database.sql(
      `CREATE ROLE ${role} ${loginSql()}; GRANT USAGE ON SCHEMA headgate TO ${role};
       GRANT SELECT ON ALL TABLES IN SCHEMA headgate TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    const { code, stderr } = await scene.runAs(scene.database.urlAs(role), "plan", "--trace");
    await scene.database.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("no-throwaway-database") });
    expect(stderr).toMatch(/ALTER ROLE "?\w+"? CREATEDB; it has to own the database, too; or name a restored copy/);
  });

  it("told to stop, drops the copy", async () => {
    await scene.run("migrate");
    scene.files.write({ "004_slow.sql": "SELECT pg_sleep(60);\n" });
    const running = scene.start("plan", "--trace");
    await eventually(async () => {
      const found = await scene.database.sql("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'");
      expect(found).toHaveLength(1);
    });
    running.process.kill("SIGTERM");
    expect(await running.result).toMatchObject({ code: 143 });
    expect(await scene.database.sql(COPIES)).toEqual([]);
  });
});

describe("a copy that is named", () => {
  it("is changed, and the database is not", async () => {
    await scene.run("migrate");
    const copy = await restored();
    expect(await scene.runAs(copy.url, "migrate")).toMatchObject({ code: 0 });
    scene.files.write(MORE);
    const { code, stdout } = await traceIn(copy.url);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("4 statements, the plan was right"),
    });
    expect(await columns(copy)).toContain("weight");
    expect(await columns(scene.database)).not.toContain("weight");
  });

  it("is refused when it is the database itself, or stands elsewhere", async () => {
    await scene.run("migrate");
    scene.files.write(MORE);
    const same = await traceIn(scene.database.url.replace("127.0.0.1", "localhost"));
    expect(same).toMatchObject({ code: 3, stderr: expect.stringContaining("names the database itself") });
    const empty = await traceIn((await restored()).url);
    expect(empty).toMatchObject({ code: 3, stderr: expect.stringContaining("has other migrations applied") });
    expect(await columns(scene.database)).not.toContain("weight");
  });
});
