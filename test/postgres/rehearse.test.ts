import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { folder, headgate, type Result, startHeadgate } from "../support/headgate.ts";
import { elements } from "./junit.ts";
import { eventually } from "./scene.ts";

const both = (up: string, down: string): string => `-- Up Migration\n${up}\n-- Down Migration\n${down}\n`;

const GOOD = {
  "001_orders.sql": both(
    "CREATE TABLE orders (id serial PRIMARY KEY, total numeric(12,2), note text);",
    "DROP TABLE orders;",
  ),
  "002_index.sql": `-- headgate: no-transaction\n${both("CREATE INDEX CONCURRENTLY orders_by_total ON orders (total);", "DROP INDEX CONCURRENTLY orders_by_total;")}`,
  "003_state.mjs": `export const up = (pgm) => pgm.addColumn("orders", { state: { type: "text" } });
export const down = (pgm) => pgm.dropColumn("orders", "state");`,
};

let files: ReturnType<typeof folder>;
let desk: ReturnType<typeof folder>;
beforeEach(() => {
  files = folder(GOOD);
  desk = folder({});
  // Where tests run as root, the server's account is another.
  chmodSync(desk.path, 0o1777);
});
afterEach(() => {
  files.remove();
  desk.remove();
});

const environment = () => ({ HEADGATE_REHEARSAL_URL: inject("adminUrl") });

const rehearse = async (...args: readonly string[]): Promise<Result> =>
  await headgate(["rehearse", "--dir", files.path, ...args], environment());

/** Each step that failed, as `migration: step: what: lines`. */
async function failed(...args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout } = await rehearse("--json", ...args);
  const { migrations, whole, holds } = JSON.parse(stdout);
  const all = [...migrations, { name: "the whole set", steps: whole }];
  const found = all.flatMap(({ name, steps }) =>
    steps
      .filter((step: { status: string }) => step.status === "failed")
      .map((step: { name: string; what: string; lines: string[] }) =>
        [name, step.name, step.what, ...step.lines].join(": "),
      ),
  );
  expect({ code, holds }).toEqual({ code: found.length === 0 ? 0 : 3, holds: found.length === 0 });
  return found;
}

async function throwawayNames(): Promise<string[]> {
  const client = new pg.Client({ connectionString: inject("adminUrl") });
  await client.connect();
  const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname LIKE 'headgate_rehearsal_%'");
  await client.end();
  return rows.map((row) => row.datname);
}

describe("a rehearsal", () => {
  it("takes a constraint that is validated after a way back for harmless: no down can undo that", async () => {
    const shop = join(import.meta.dirname, "../../examples/shop/migrations");
    const { code, stdout } = await headgate(["rehearse", "--dir", shop], environment());
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/008_payments.* down undoes it.*\n.*does no harm: constraint orders_channel_known/);
  });

  it("of a good set holds, a line a migration, on a PostgreSQL of its own that is gone afterwards", async () => {
    desk.write({ "values.yaml": "smoke: {tables: [orders], columns: [orders.state]}" });
    const args = ["rehearse", "--dir", files.path, "-f", join(desk.path, "values.yaml")];
    const { code, stdout, stderr } = await headgate(args, { TMPDIR: desk.path });
    expect(stderr).toContain("3 migrations rehearsed on PostgreSQL 18");
    expect(stdout.replaceAll(/up [\d.]+ m?s/g, "up N")).toBe(
      [
        "001_orders     up N, down undoes it, up again",
        "002_index      up N, down undoes it, up again",
        "003_state      up N, down undoes it, up again",
        "the whole set  smoke: the expectations are met, all down, all up again",
        "",
      ].join("\n"),
    );
    expect({ code, left: readdirSync(desk.path) }).toEqual({ code: 0, left: ["values.yaml"] });
  });

  it("takes files that were compiled", async () => {
    expect(await headgate(["compile", "--dir", files.path])).toMatchObject({ code: 0 });
    expect(await failed()).toEqual([]);
  });

  it("finds a down that forgets an index, which then cannot be made again", async () => {
    files.write({
      "004_city.sql": both(
        "ALTER TABLE orders ADD COLUMN city text; CREATE INDEX orders_newest ON orders (id DESC);",
        "ALTER TABLE orders DROP COLUMN city;",
      ),
      "005_after.sql": both("ALTER TABLE orders ADD COLUMN zip text;", "ALTER TABLE orders DROP COLUMN zip;"),
    });
    expect(await failed()).toEqual([
      "004_city: down: the down does not undo the up: index orders_newest: left behind",
      expect.stringContaining('004_city: up again: 004_city.sql:2: relation "orders_newest" already exists'),
    ]);
  });

  it("finds a down that brings a column back in another type, and only mentions its place", async () => {
    files.write({
      "004_total.sql": both(
        "ALTER TABLE orders DROP COLUMN total;",
        "ALTER TABLE orders ADD COLUMN total numeric(10,2);",
      ),
      "005_note.sql": both("ALTER TABLE orders DROP COLUMN note;", "ALTER TABLE orders ADD COLUMN note text;"),
    });
    const { code, stdout } = await rehearse();
    expect(code).toBe(3);
    expect(stdout).toContain(`
    down: the down does not undo the up
      column orders.total: numeric(10,2), was numeric(12,2)
      index orders_by_total: missing
      what to do: make the down put back what is listed
`);
    expect(stdout).toMatch(
      /005_note +up .*, down undoes it, up again\n +down, which does no harm: column order of orders/,
    );
  });

  it("tells a down that fails with file, line and PostgreSQL's words, and goes on", async () => {
    files.write({
      "004_city.sql": both(
        "ALTER TABLE orders ADD COLUMN city text;",
        "SELECT 1;\nALTER TABLE nobody\n  DROP COLUMN city;",
      ),
      "005_after.sql": both("ALTER TABLE orders ADD COLUMN zip text;", "ALTER TABLE orders DROP COLUMN zip;"),
    });
    expect(await failed()).toEqual([
      expect.stringMatching(/^004_city: down: 004_city.sql:\d: relation "nobody" does not exist \(SQLSTATE 42P01\)/),
    ]);
  });

  it("ends at a migration that cannot be applied, and says which were not tried", async () => {
    files.write({ "004_bad.sql": "ALTER TABLE nobody ADD x int;", "005_after.sql": "SELECT 1;" });
    const { code, stdout, stderr } = await rehearse();
    expect(stdout).toContain('up: 004_bad.sql:1: relation "nobody" does not exist (SQLSTATE 42P01)');
    expect(stdout).toContain("005_after   not tried\n");
    expect(stderr).toContain("rehearsal-failed: of 5 migrations these do not hold: 004_bad");
    expect(code).toBe(3);
  });

  it("takes a migration without a way back for what it is, unless it is strict", async () => {
    files.write({ "004_only_up.sql": "INSERT INTO orders (note) VALUES ('x');" });
    const { code, stdout } = await rehearse();
    expect(stdout).toMatch(/004_only_up {2}up .*, no way back: it has no down SQL\n/);
    expect(code).toBe(0);
    expect(await failed("--strict")).toEqual(["004_only_up: down: it has no down SQL"]);
  });

  it("asks the expectations after the last one", async () => {
    desk.write({ "values.yaml": "smoke: {tables: [orders, invoices]}" });
    expect(await failed("-f", join(desk.path, "values.yaml"))).toEqual([
      "the whole set: smoke: 1 of 2 expectations is not met: table invoices is not there",
    ]);
  });

  it("finds what only the whole way down shows: rows that a newer down leaves where an older one cannot have them", async () => {
    files.write({
      "004_city.sql": both("ALTER TABLE orders ADD COLUMN city text NOT NULL;", "ALTER TABLE orders DROP COLUMN city;"),
      "005_null.sql": both(
        "ALTER TABLE orders ALTER COLUMN city DROP NOT NULL;",
        "ALTER TABLE orders ALTER COLUMN city SET NOT NULL;",
      ),
      "006_rows.sql": both("INSERT INTO orders (city) VALUES (NULL);", "SELECT 1;"),
    });
    expect(await failed()).toEqual([
      'the whole set: all down: 005_null.sql:3: column "city" of relation "orders" contains null values (SQLSTATE 23502)',
    ]);
  });

  it("counts lint's findings, and is not stopped by them", async () => {
    files.write({ "004_index.sql": both("CREATE INDEX slow ON orders (note);", "DROP INDEX slow;") });
    const { stdout, code } = await rehearse("--json");
    expect(JSON.parse(stdout).findings).toMatchObject({ high: expect.any(Number), medium: expect.any(Number) });
    expect(code).toBe(0);
  });
});

describe("the JUnit report", () => {
  it("has a test case a step, and holds whatever PostgreSQL says", async () => {
    files.write({
      "004_odd.sql": both(
        "SELECT 1;",
        `DO $$ BEGIN RAISE EXCEPTION E'a < b && "c" > d ]]> \\u0001 line\\nnext'; END $$;`,
      ),
    });
    const path = join(desk.path, "report.xml");
    expect(await rehearse("--junit", path)).toMatchObject({ code: 3 });
    const found = elements(readFileSync(path, "utf8"));
    expect(found[0]).toMatchObject({ name: "testsuites", attributes: { tests: "11", failures: "1", errors: "0" } });
    expect(found.filter((one) => one.name === "testcase").map((one) => one.attributes.classname)).toHaveLength(11);
    const failure = found.find((one) => one.name === "failure");
    expect(failure?.attributes.message).toContain('a < b && "c" > d ]]> \uFFFD line\nnext');
  });
});

describe("a database that a killed rehearsal has left", () => {
  const left = "headgate_rehearsal_202001010000_0badcafe";
  const onServer = async (sql: string) => {
    const client = new pg.Client({ connectionString: inject("adminUrl") });
    await client.connect();
    await client.query(sql);
    await client.end();
  };

  it("is named to the next one, with what removes it", async () => {
    await onServer(`CREATE DATABASE ${left}`);
    try {
      const { code, stderr } = await rehearse();
      expect(stderr).toContain(`remove it with DROP DATABASE "${left}";`);
      expect(code).toBe(0);
    } finally {
      await onServer(`DROP DATABASE ${left}`);
    }
  });
});

describe("a rehearsal that is killed", () => {
  const slow = () => files.write({ "004_slow.sql": both("SELECT pg_sleep(60);", "SELECT 1;") });

  it("by SIGTERM leaves no database", async () => {
    slow();
    const agent = startHeadgate(["rehearse", "--dir", files.path], environment());
    await eventually(() => expect(agent.stderr()).toContain("rehearsing 004_slow"));
    // Another file's are there for a while, too.
    const during = await throwawayNames();
    expect(during.length).toBeGreaterThan(0);
    agent.process.kill("SIGTERM");
    expect(await agent.result).toMatchObject({ code: 143 });
    await eventually(async () => {
      const now = await throwawayNames();
      expect(during.filter((name) => now.includes(name))).toEqual([]);
    });
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("by %s leaves no server and no files", async (signal) => {
    slow();
    const agent = startHeadgate(["rehearse", "--dir", files.path], { TMPDIR: desk.path });
    await eventually(() => expect(agent.stderr()).toContain("rehearsing 004_slow"));
    const home = join(desk.path, readdirSync(desk.path)[0] ?? "");
    const pid = Number(readFileSync(join(home, "data", "postmaster.pid"), "utf8").split("\n")[0]);
    agent.process.kill(signal);
    await agent.result;
    await eventually(() => {
      expect(() => process.kill(pid, 0)).toThrow("ESRCH");
      expect(existsSync(home)).toBe(false);
    });
  });
});
