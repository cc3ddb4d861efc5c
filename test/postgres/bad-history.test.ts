import { describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

const SQL = (table: string) =>
  `-- Up Migration\nCREATE TABLE ${table} (id int);\n-- Down Migration\nDROP TABLE ${table};\n`;
const scene = useScene({ "001_a.sql": SQL("a"), "002_b.sql": SQL("b"), "003_c.sql": SQL("c") });
const D = { "004_d.sql": SQL("d") };

/** Applies the files, then changes the record behind Headgate's back. */
async function migrateAnd(sql: string): Promise<void> {
  expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  await scene.database.sql(sql);
}
const tables = async () =>
  (
    await scene.database.sql(
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname IN ('a', 'b', 'c', 'd') ORDER BY 1",
    )
  ).map(({ relname }) => relname);
const recorded = async () =>
  (await scene.database.sql("SELECT name FROM headgate.history ORDER BY name")).map(({ name }) => name);
const meta = async () => await scene.database.sql("SELECT schema_version, min_writer FROM headgate.meta");
const applied = async () => {
  const { applied: list } = await scene.json("status");
  return (Array.isArray(list) ? list : []).map(({ name }) => name);
};

describe("a history that a newer Headgate made", () => {
  it("and that wants newer writers is refused by every command with both versions, and left alone", async () => {
    await migrateAnd("UPDATE headgate.meta SET schema_version = 8, min_writer = 7");
    scene.files.write(D);
    for (const args of [
      ["status"],
      ["plan"],
      ["verify"],
      ["migrate"],
      ["revert", "--steps", "1", "--yes"],
      ["repair"],
      ["repair", "003_c", "--pending", "--yes"],
      ["baseline", "--to", "004_d", "--yes"],
    ]) {
      const { code, stderr } = await scene.run(...args);
      expect({ args, code, stderr }).toEqual({
        args,
        code: 3,
        stderr: expect.stringMatching(
          /history-unusable: "headgate" wants at least version 7 .*, and this agent writes version 2/,
        ),
      });
    }
    expect(await meta()).toEqual([{ schema_version: 8, min_writer: 7 }]);
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c"]);
    expect(await tables()).toEqual(["a", "b", "c"]);
  });

  it("with more columns and tables, and that lets this one write, is worked with and not taken back", async () => {
    await migrateAnd(
      `UPDATE headgate.meta SET schema_version = 3, min_writer = 2;
       ALTER TABLE headgate.history ADD COLUMN later text NOT NULL DEFAULT 'new';
       ALTER TABLE headgate.run ADD COLUMN later int; ALTER TABLE headgate.reverted ADD COLUMN later int DEFAULT 1;
       CREATE TABLE headgate.later (id int)`,
    );
    scene.files.write(D);
    expect(await scene.json("status")).toMatchObject({ pending: [{ name: "004_d" }], changed: [], missing: [] });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(await scene.run("revert", "--steps", "2", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b"]);
    expect(await applied()).toEqual(["001_a", "002_b"]);
    expect(await meta()).toEqual([{ schema_version: 3, min_writer: 2 }]);
    expect(await scene.database.sql("SELECT DISTINCT later FROM headgate.history")).toEqual([{ later: "new" }]);
    expect(await scene.database.sql("SELECT to_regclass('headgate.later')::text AS later")).toEqual([
      { later: "headgate.later" },
    ]);
  });
});

describe("a history that an older Headgate made", () => {
  const SHRINK = `ALTER TABLE headgate.history DROP COLUMN down_transaction, DROP COLUMN down_effects, DROP COLUMN down_signature;
    ALTER TABLE headgate.run DROP COLUMN from_name, DROP COLUMN to_name, DROP COLUMN actor, DROP COLUMN backend_pid;
    DROP TABLE headgate.reverted; UPDATE headgate.meta SET schema_version = 1`;
  const grown = async () =>
    await scene.database.sql(
      "SELECT to_regclass('headgate.reverted') IS NOT NULL AS reverted, (SELECT schema_version FROM headgate.meta) AS version",
    );

  it("is read by status, plan and verify as it is", async () => {
    await migrateAnd(SHRINK);
    expect(await applied()).toEqual(["001_a", "002_b", "003_c"]);
    for (const command of ["plan", "verify"]) expect(await scene.run(command)).toMatchObject({ code: 0 });
    expect(await grown()).toEqual([{ reverted: false, version: 1 }]);
  });

  it.each([
    { what: "something", files: D },
    { what: "nothing", files: {} },
  ])("is grown by migrate with $what pending, and its rows stay", async ({ files }) => {
    await migrateAnd(SHRINK);
    scene.files.write(files);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await grown()).toEqual([{ reverted: true, version: 2 }]);
    expect(await applied()).toEqual(["001_a", "002_b", "003_c", ...Object.keys(files).map(() => "004_d")]);
  });

  it("is grown by revert, which judges the down SQL that nobody had looked at", async () => {
    await migrateAnd(`${SHRINK}; INSERT INTO c VALUES (1)`);
    scene.remove("003_c.sql");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("would lose 1 row of c"),
    });
    expect(await tables()).toEqual(["a", "b", "c"]);
    await scene.database.sql("DELETE FROM c");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b"]);
    expect(await grown()).toEqual([{ reverted: true, version: 2 }]);
  });
});

describe("a row of the history that somebody has changed by hand", () => {
  it("in its checksum is an edited file: refused, and accepted by the command that repair prints", async () => {
    await migrateAnd("UPDATE headgate.history SET checksum = repeat('0', 64) WHERE name = '002_b'");
    expect(await scene.run("migrate")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("002_b: applied as 000000000000"),
    });
    const { stdout } = await scene.run("repair");
    const [, printed = ""] = /headgate (repair 002_b --accept-edit --yes)/.exec(stdout) ?? [];
    expect(await scene.run(...printed.split(" "))).toMatchObject({ code: 0 });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("in its name counts by pgmigrations: the old name is applied, the new one undone, and nothing runs again", async () => {
    await migrateAnd("UPDATE headgate.history SET name = '003_other' WHERE name = '003_c'");
    expect(await applied()).toEqual(["001_a", "002_b", "003_c"]);
    expect(await scene.run("migrate")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("undone outside of Headgate, so pending again: 003_other"),
    });
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c"]);
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
  });

  it("to needs-attention stops the next run with 7, until repair settles it", async () => {
    await migrateAnd("UPDATE headgate.history SET state = 'needs-attention' WHERE name = '003_c'");
    scene.files.write(D);
    expect(await scene.run("migrate")).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("003_c: needs-attention, 0 statements done"),
    });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await scene.run("repair", "003_c", "--applied", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b", "c", "d"]);
  });

  it("in its down SQL that is gone cannot go back by itself: refused, and nothing is changed", async () => {
    await migrateAnd("UPDATE headgate.history SET down_sql = NULL WHERE name = '003_c'");
    expect(await scene.run("revert", "--steps", "1", "--accept-data-loss", "--yes")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("003_c: its down SQL is not recorded"),
    });
    expect(await tables()).toEqual(["a", "b", "c"]);
  });

  it("in its down SQL is judged by what it says now", async () => {
    await migrateAnd("UPDATE headgate.history SET down_sql = 'DROP TABLE c; DROP TABLE a' WHERE name = '003_c'");
    await scene.database.sql("INSERT INTO a VALUES (1)");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("would lose 1 row of a"),
    });
    expect(await tables()).toEqual(["a", "b", "c"]);
  });

  it("to half done, where a transaction leaves nothing half done: revert does the whole, migrate asks", async () => {
    await migrateAnd("UPDATE headgate.history SET state = 'reverting' WHERE name = '003_c'");
    expect(await scene.run("revert", "--to", "002_b", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b"]);
    await migrateAnd("UPDATE headgate.history SET state = 'running' WHERE name = '003_c'");
    expect(await scene.run("migrate")).toMatchObject({ code: 7, stderr: expect.stringContaining("repair 003_c") });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c"]);
  });

  it("out of it keeps its place in the order by its row in pgmigrations: the newest goes back, not that one", async () => {
    await migrateAnd("DELETE FROM headgate.history WHERE name = '002_b'");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b"]);
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a"]);
  });

  it("in its down SQL that does not run stops the way back whole, with 6", async () => {
    await migrateAnd("UPDATE headgate.history SET down_sql = 'DROP TABLE a; DROP TABLE nowhere' WHERE name = '003_c'");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('table "nowhere" does not exist'),
    });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c"]);
  });
});

describe("a schema headgate that is older than the data", () => {
  const OLDER = "DELETE FROM headgate.history WHERE name IN ('002_b', '003_c')";

  it("while pgmigrations is not: what it lacks counts as applied and runs no second time", async () => {
    await migrateAnd(OLDER);
    expect(await scene.json("status")).toMatchObject({ pending: [], missing: [], changed: [] });
    expect(await applied()).toEqual(["001_a", "002_b", "003_c"]);
    scene.files.write(D);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c", "004_d"]);
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(await scene.run("revert", "--to", "001_a", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a"]);
  });

  it("goes back by the files, and without them is refused with the reason", async () => {
    await migrateAnd(OLDER);
    scene.remove("003_c.sql");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("003_c: its down SQL is not recorded: another tool applied it"),
    });
    expect(await tables()).toEqual(["a", "b", "c"]);
  });

  it("and so is pgmigrations: the run fails before it harms anything, and baseline records what is there", async () => {
    await migrateAnd(`${OLDER}; DELETE FROM pgmigrations WHERE name IN ('002_b', '003_c')`);
    await scene.database.sql("INSERT INTO b VALUES (7)");
    scene.files.write(D);
    expect(await scene.run("verify")).toMatchObject({ code: 3, stderr: expect.stringContaining("003_c: not applied") });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toEqual({ code: 6, stderr: expect.stringContaining('relation "b" already exists') });
    expect(await scene.database.sql("SELECT id FROM b")).toEqual([{ id: 7 }]);
    expect(await recorded()).toEqual(["001_a"]);
    expect(await scene.run("baseline", "--to", "003_c", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b", "c", "d"]);
  });

  it("or gone as a whole is made again from pgmigrations", async () => {
    await migrateAnd("DROP SCHEMA headgate CASCADE");
    expect(await applied()).toEqual(["001_a", "002_b", "003_c"]);
    scene.files.write(D);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c", "004_d"]);
    expect(await tables()).toEqual(["a", "b", "c", "d"]);
  });
});

describe("two targets with migrations of the same names and other contents", () => {
  it("are told apart in status and verify, each goes back alone, and neither takes the other's for its own", async () => {
    // One table pgmigrations for both: by default each search path has its own.
    const history = { target: "other", pgmigrations: { schema: "public" } };
    await migrateAnd("CREATE SCHEMA other");
    const mine = { "001_a.sql": SQL("a"), "002_b.sql": SQL("b"), "003_c.sql": SQL("c") };
    const theirs = { "001_a.sql": SQL("other.x"), "002_b.sql": SQL("other.y"), "003_c.sql": SQL("other.z") };
    scene.values({ history, database: { searchPath: ["other", "public"] } });
    scene.files.write(theirs);
    expect(await scene.json("status")).toMatchObject({ applied: [], changed: [] });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("revert", "--all", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.json("status")).toMatchObject({ applied: [], ahead: [] });
    scene.values({});
    scene.files.write(mine);
    expect(await applied()).toEqual(["001_a", "002_b", "003_c"]);
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await scene.run("revert", "--all", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual([]);
  });
});
