import { describe, expect, it } from "vitest";
import { useOrdersScene } from "./orders-scene.ts";
import { creating, TABLES, useTablesScene } from "./tables-scene.ts";

describe("two targets in one database with migrations of one name", () => {
  const { scene } = useOrdersScene();

  it("go back by themselves: the other keeps its own", async () => {
    await scene.run("migrate");
    scene.values({ history: { target: "other" }, database: { searchPath: ["other", "public"] } });
    await scene.database.sql("CREATE SCHEMA other");
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    scene.values({});
    const status = await scene.json("status");
    expect(status).toMatchObject({ pending: [], ahead: [] });
    expect(await scene.run("migrate")).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") });
  });
});

describe("two targets with migrations of the same names and other contents", () => {
  const { scene, migrateAnd, tables, applied } = useTablesScene();

  it("are told apart in status and verify, each goes back alone, and neither takes the other's for its own", async () => {
    // One table pgmigrations for both: by default each search path has its own.
    const history = { target: "other", pgmigrations: { schema: "public" } };
    await migrateAnd("CREATE SCHEMA other");
    const theirs = {
      "001_a.sql": creating("other.x"),
      "002_b.sql": creating("other.y"),
      "003_c.sql": creating("other.z"),
    };
    scene.values({ history, database: { searchPath: ["other", "public"] } });
    scene.files.write(theirs);
    expect(await scene.json("status")).toMatchObject({ applied: [], changed: [] });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.run("revert", "--all", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.json("status")).toMatchObject({ applied: [], ahead: [] });
    scene.values({});
    scene.files.write(TABLES);
    expect(await applied()).toEqual(["001_a", "002_b", "003_c"]);
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await scene.run("revert", "--all", "--yes")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual([]);
  });
});
