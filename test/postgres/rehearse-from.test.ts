import { rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { createDatabase, type Database } from "../support/database.ts";
import { folder, headgate, startHeadgate } from "../support/headgate.ts";
import { eventually } from "./scene.ts";
import { APPLIED, both, PENDING, useStates, withoutTimes } from "./states.ts";

const scene = useStates();

describe("a rehearsal on a copy of a database of the same server", () => {
  let shop: Database;
  let env: Record<string, string>;
  beforeEach(async () => {
    shop = await createDatabase();
    env = { DATABASE_URL: shop.url, HEADGATE_REHEARSAL_URL: inject("adminUrl") };
    expect(await headgate(["migrate", "--dir", scene.files.path], env)).toMatchObject({ code: 0 });
    scene.files.write(PENDING);
  });
  afterEach(async () => await shop.drop());

  const throwaways = async () =>
    (await shop.sql("SELECT datname FROM pg_database WHERE datname LIKE 'headgate_rehearsal_%'")).map(
      ({ datname }) => datname,
    );

  /** Another file's are there for a while, too. */
  async function gone(before: readonly string[]): Promise<void> {
    const made = (await throwaways()).filter((name) => !before.includes(name));
    await eventually(async () => {
      const now = await throwaways();
      expect(made.filter((name) => now.includes(name))).toEqual([]);
    });
  }

  it("tries what is pending there, goes down to where it was, and leaves nothing", async () => {
    const before = await throwaways();
    const { code, stdout, stderr } = await scene.rehearse(env, "database");
    expect(withoutTimes(stdout)).toEqual([
      `${shop.name} has 1 applied: 001_orders`,
      "002_city       up N, down undoes it, up again",
      "003_note       up N, down undoes it, up again",
      "the whole set  all down, all up again",
      "lint: 1 high, 1 medium (headgate lint FILE... shows them)",
    ]);
    expect(stderr).toMatch(new RegExp(`copying ${shop.name} \\(\\d+ [kM]B\\) on its server`));
    expect(stderr).toMatch(
      new RegExp(`2 migrations rehearsed .*, from the state of ${shop.name}, which has 1 applied: all of it holds`),
    );
    expect(code).toBe(0);
    await gone(before);
    expect(await shop.sql("SELECT name FROM pgmigrations")).toEqual([{ name: "001_orders" }]);
  });

  it("finds what only its rows tell, and goes on from the same rows after a down that does not hold", async () => {
    await shop.sql("INSERT INTO orders (note) VALUES (NULL)");
    scene.files.write({
      "002_city.sql": both("ALTER TABLE orders ADD COLUMN city text; CREATE INDEX c ON orders (id);", "SELECT 1;"),
    });
    const { code, stdout } = await scene.rehearse(env, "database", "--json");
    const { from, migrations, findings } = JSON.parse(stdout);
    expect(from).toEqual({ name: shop.name, applied: ["001_orders"] });
    expect(migrations[0]).toMatchObject({
      name: "002_city",
      steps: [
        { name: "up", status: "ok" },
        { name: "down", status: "failed", lines: ["column orders.city: left behind", "index c: left behind"] },
        { name: "up again", status: "failed" },
      ],
    });
    expect(migrations[1]).toMatchObject({
      name: "003_note",
      steps: [{ status: "failed", what: expect.stringContaining('column "note" of relation "orders" contains null') }],
    });
    // The table is somebody's: what makes it is applied.
    expect(findings).toEqual({ high: 2, medium: 1, low: 0 });
    expect(code).toBe(3);
  });

  it("has the settings of the database, too, which no copy takes along, and its invalid indexes", async () => {
    await shop.sql(`CREATE SCHEMA extra; ALTER DATABASE ${shop.name} SET search_path = extra, public;
      ALTER DATABASE ${shop.name} SET app.tenant = 'x, y'; ALTER DATABASE ${shop.name} SET "app.Is_it" = 'so'`);
    await shop.sql("INSERT INTO orders (note) VALUES ('a'), ('a')");
    await shop.sql("CREATE UNIQUE INDEX CONCURRENTLY twice ON orders (note)").catch(() => undefined);
    scene.files.write({
      "004_extra.sql": both(
        `CREATE TABLE things (id int);
DO $$ BEGIN ASSERT to_regclass('extra.things') IS NOT NULL; ASSERT current_setting('app.tenant') = 'x, y'; END $$;`,
        "DROP TABLE extra.things;",
      ),
    });
    expect(await scene.rehearse(env, "database")).toMatchObject({ code: 0 });
  });

  it("that is told to stop leaves neither copy", async () => {
    scene.files.write({ "004_slow.sql": both("SELECT pg_sleep(60);", "SELECT 1;") });
    const before = await throwaways();
    const agent = startHeadgate(["rehearse", "--dir", scene.files.path, "--from", "database"], env);
    await eventually(() => expect(agent.stderr()).toContain("rehearsing 004_slow"));
    const made = (await throwaways()).filter((name) => !before.includes(name));
    expect(made.length).toBeGreaterThanOrEqual(2);
    agent.process.kill("SIGTERM");
    expect(await agent.result).toMatchObject({ code: 143 });
    await gone(before);
  });

  it("is refused while somebody is connected, with who it is and what to do", async () => {
    const client = new pg.Client({ connectionString: shop.url, application_name: "the shop's own pool" });
    await client.connect();
    try {
      const { code, stderr } = await scene.rehearse(env, "database");
      expect(stderr).toContain(`source database "${shop.name}" is being accessed by other users`);
      expect(stderr).toContain("connected: the shop's own pool");
      expect(stderr).toContain(
        `Next: stop what is connected to ${shop.name} and run again; or unset HEADGATE_REHEARSAL_URL`,
      );
      expect(code).toBe(1);
    } finally {
      await client.end();
    }
  });

  it("says that nothing is pending, and refuses an edited file and a database that is ahead as migrate does", async () => {
    const { "001_orders.sql": first } = APPLIED;
    const only = folder({ "001_orders.sql": first });
    const { stderr, code } = await headgate(["rehearse", "--dir", only.path, "--from", "database"], env);
    expect(stderr).toContain(`nothing to rehearse: nothing is pending in ${shop.name}, which has 1 applied`);
    expect(code).toBe(0);
    only.write({ "001_orders.sql": first.replace("note text", "note varchar") });
    const edited = await headgate(["rehearse", "--dir", only.path, "--from", "database"], env);
    expect(edited).toMatchObject({ code: 3, stderr: expect.stringContaining("migration-edited: 001_orders") });
    only.write({ "001_orders.sql": first, "002_city.sql": PENDING["002_city.sql"] });
    expect(await headgate(["migrate", "--dir", only.path], env)).toMatchObject({ code: 0 });
    rmSync(join(only.path, "002_city.sql"));
    const ahead = await headgate(["rehearse", "--dir", only.path, "--from", "database"], env);
    expect(ahead).toMatchObject({ code: 3, stderr: expect.stringContaining("database-ahead: ") });
    only.remove();
  });
});
