import { describe, expect, it } from "vitest";
import { FOURTH, useTablesScene } from "./tables-scene.ts";

const { scene, migrateAnd, tables, recorded, applied } = useTablesScene();

describe("a schema headgate that is older than the data", () => {
  const OLDER = "DELETE FROM headgate.history WHERE name IN ('002_b', '003_c')";

  it("while pgmigrations is not: what it lacks counts as applied and runs no second time", async () => {
    await migrateAnd(OLDER);
    expect(await scene.json("status")).toMatchObject({ pending: [], missing: [], changed: [] });
    expect(await applied()).toEqual(["001_a", "002_b", "003_c"]);
    scene.files.write(FOURTH);
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
    scene.files.write(FOURTH);
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
    scene.files.write(FOURTH);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await recorded()).toEqual(["001_a", "002_b", "003_c", "004_d"]);
    expect(await tables()).toEqual(["a", "b", "c", "d"]);
  });
});
