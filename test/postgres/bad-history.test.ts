import { describe, expect, it } from "vitest";
import { FOURTH, useTablesScene } from "./tables-scene.ts";

const { scene, migrateAnd, tables, recorded, applied } = useTablesScene();

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
    scene.files.write(FOURTH);
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
