import { describe, expect, it } from "vitest";
import { FOURTH, useTablesScene } from "./tables-scene.ts";

const { scene, migrateAnd, tables, recorded, applied } = useTablesScene();
const meta = async () => await scene.database.sql("SELECT schema_version, min_writer FROM headgate.meta");

describe("a history that a newer Headgate made", () => {
  it("and that wants newer writers is refused by every command with both versions, and left alone", async () => {
    await migrateAnd("UPDATE headgate.meta SET schema_version = 8, min_writer = 7");
    scene.files.write(FOURTH);
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
          /history-unusable: "headgate" wants at least version 7 .*, and this agent writes version 3/,
        ),
      });
    }
    expect(await meta()).toEqual([{ schema_version: 8, min_writer: 7 }]);
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c"]);
    expect(await tables()).toEqual(["a", "b", "c"]);
  });

  it("with more columns and tables, and that lets this one write, is worked with and not taken back", async () => {
    await migrateAnd(
      `UPDATE headgate.meta SET schema_version = 4, min_writer = 2;
       ALTER TABLE headgate.history ADD COLUMN later text NOT NULL DEFAULT 'new';
       ALTER TABLE headgate.run ADD COLUMN later int; ALTER TABLE headgate.reverted ADD COLUMN later int DEFAULT 1;
       CREATE TABLE headgate.later (id int)`,
    );
    scene.files.write(FOURTH);
    expect(await scene.json("status")).toMatchObject({ pending: [{ name: "004_d" }], changed: [], missing: [] });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(await scene.run("revert", "--steps", "2", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b"]);
    expect(await applied()).toEqual(["001_a", "002_b"]);
    expect(await meta()).toEqual([{ schema_version: 4, min_writer: 2 }]);
    expect(await scene.database.sql("SELECT DISTINCT later FROM headgate.history")).toEqual([{ later: "new" }]);
    expect(await scene.database.sql("SELECT to_regclass('headgate.later')::text AS later")).toEqual([
      { later: "headgate.later" },
    ]);
  });
});

describe("a history that an older Headgate made", () => {
  const SHRINK = `ALTER TABLE headgate.history DROP COLUMN down_transaction, DROP COLUMN down_effects, DROP COLUMN down_signature;
    ALTER TABLE headgate.run DROP COLUMN from_name, DROP COLUMN to_name, DROP COLUMN actor, DROP COLUMN backend_pid;
    DROP TABLE headgate.reverted; DROP TABLE headgate.fingerprint; ALTER TABLE headgate.run DROP COLUMN schema_hash; UPDATE headgate.meta SET schema_version = 1`;
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
    { what: "something", files: FOURTH },
    { what: "nothing", files: {} },
  ])("is grown by migrate with $what pending, and its rows stay", async ({ files }) => {
    await migrateAnd(SHRINK);
    scene.files.write(files);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await grown()).toEqual([{ reverted: true, version: 3 }]);
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
    expect(await grown()).toEqual([{ reverted: true, version: 3 }]);
  });
});
