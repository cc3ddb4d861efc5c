import { describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

const scene = useScene({ "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" });
const migrate = async () => await scene.run("migrate");

/** Runs `body` as code, so that no parser sees what it does. */
const hidden = (body: string): string => `CREATE TABLE half (id int);\nDO $do$ BEGIN ${body} END $do$;\n`;

const states = async () => await scene.database.sql("SELECT name, state FROM headgate.history ORDER BY sequence, name");

describe("a migration is refused before anything runs, with a rule and what to write instead, when it", () => {
  it("ends its transaction, drops the run's lock, or changes Headgate's own schema", async () => {
    scene.files.write({
      "002_commit.sql": "CREATE TABLE a (id int);\nCOMMIT;\n",
      "003_discard.sql": "DISCARD ALL;",
      "004_reset.sql": "RESET ALL;",
      "005_unlock.sql": "SELECT pg_advisory_unlock_all();",
      "006_drop.sql": "DROP SCHEMA IF EXISTS headgate CASCADE;",
      "007_forget.sql": "DELETE FROM headgate.history;",
      "008_index.sql": "CREATE INDEX CONCURRENTLY i ON orders (id);",
      "009_copy.sql": "COPY orders FROM STDIN;",
    });
    const { code, stderr } = await migrate();
    expect(code).toBe(3);
    for (const finding of ["002_commit.sql:2 HG801", "003_discard.sql:1 HG805", "004_reset.sql:1 HG805"]) {
      expect(stderr).toContain(finding);
    }
    for (const finding of ["005_unlock.sql:1 HG805", "006_drop.sql:1 HG813", "007_forget.sql:1 HG813"]) {
      expect(stderr).toContain(finding);
    }
    expect(stderr).toContain("008_index.sql:1 HG104");
    expect(stderr).toContain("-- headgate: no-transaction");
    expect(stderr).toContain("009_copy.sql:1 HG806");
    expect(await scene.database.sql("SELECT to_regclass('orders') AS orders")).toEqual([{ orders: null }]);
  });

  it("replaces one of Headgate's functions", async () => {
    scene.files.write({
      "002_guard.sql":
        "CREATE OR REPLACE FUNCTION headgate.guard(bigint, text, text, timestamptz) RETURNS void LANGUAGE sql AS 'SELECT';",
    });
    expect(await migrate()).toMatchObject({ code: 3, stderr: expect.stringContaining("HG813") });
  });
});

describe("a table of the user's own", () => {
  it("may be called headgate", async () => {
    scene.files.write({ "002_own.sql": "CREATE TABLE headgate (id int); DROP TABLE headgate;" });
    expect(await migrate()).toMatchObject({ code: 0 });
  });
});

describe("a migration that hides what it does in code", () => {
  it("cannot drop the history: it is rolled back whole, with code 6", async () => {
    scene.files.write({ "002_drop.sql": hidden("EXECUTE 'DROP SCHEMA headgate CASCADE';") });
    const { code, stderr } = await migrate();
    expect(code).toBe(6);
    expect(stderr).toContain("002_drop removes or changes Headgate's own tables");
    expect(await states()).toEqual([{ name: "001_orders", state: "applied" }]);
    expect(await scene.database.sql("SELECT outcome, exit_code FROM headgate.run")).toEqual([
      { outcome: "failed", exit_code: 6 },
    ]);
  });

  it("cannot end the transaction", async () => {
    scene.files.write({ "002_commit.sql": hidden("COMMIT;") });
    expect(await migrate()).toMatchObject({ code: 6, stderr: expect.stringContaining("2D000") });
    expect(await scene.database.sql("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
  });

  it("cannot leave another role or search_path behind", async () => {
    const role = `${scene.database.name}_role`;
    await scene.database.sql(`CREATE ROLE ${role}; GRANT ALL ON SCHEMA public TO ${role}`);
    scene.files.write({
      "002_role.sql": hidden(
        `PERFORM set_config('role', '${role}', false), set_config('search_path', 'pg_temp', false);`,
      ),
      "003_after.sql": "CREATE TABLE after (id int);",
    });
    expect(await migrate()).toMatchObject({ code: 0 });
    const [row] = await scene.database.sql(
      "SELECT relowner::regrole::text AS owner FROM pg_class WHERE relname = 'after'",
    );
    await scene.database.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    expect(row).toEqual({ owner: "postgres" });
  });

  it("and resets all settings is never said to have committed a part of itself", async () => {
    scene.files.write({ "002_reset.sql": hidden("EXECUTE 'RESET ALL';") });
    const { code, stderr } = await migrate();
    expect(stderr).not.toContain("part of it is committed");
    expect([0, 6]).toContain(code);
  });

  it("and drops all advisory locks does not leave the next migration without them", async () => {
    const held = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND mode =";
    scene.files.write({
      "002_unlock.sql": hidden("PERFORM pg_advisory_unlock_all();"),
      "003_own.sql": `DO $do$ BEGIN IF NOT EXISTS (${held} 'ExclusiveLock') THEN RAISE 'no run lock'; END IF; END $do$;`,
      "004_cli.sql": `DO $do$ BEGIN IF NOT EXISTS (${held} 'ShareLock') THEN RAISE 'no lock against the CLI'; END IF; END $do$;`,
    });
    const { code, stderr } = await migrate();
    expect(stderr).not.toContain("no run lock");
    expect(stderr).not.toContain("no lock against the CLI");
    expect(code).toBe(0);
  });
});

describe("a file too big to be parsed", () => {
  it("that commits half of itself ends with 7 and says what stands", async () => {
    const filler = `SELECT '${"x".repeat(1_000)}';\n`.repeat(1_100);
    scene.files.write({
      "002_big.sql": `CREATE TABLE half (id int);\nCOMMIT;\n${filler}`,
      "003_later.sql": "SELECT 1;",
    });
    const { code, stderr } = await migrate();
    expect(code).toBe(7);
    expect(stderr).toContain("002_big ended its own transaction");
    expect(stderr).toContain("What stands:");
    expect(await states()).not.toContainEqual({ name: "003_later", state: "applied" });
  });
});
