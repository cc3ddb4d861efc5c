import { describe, expect, it } from "vitest";
import { BY_HAND, SECOND, useDrift } from "./drift-scene.ts";
import { eventually } from "./scene.ts";

const { scene, sql, recorded, report } = useDrift();

describe("the schema that a run leaves", () => {
  it("is recorded object by object, and the report tells what the run changed", async () => {
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await recorded()).toEqual([{ target: "default", whole: true, run: 1, objects: expect.any(Number) }]);
    expect(await report()).toMatchObject({ schema: [{ object: "table orders", kind: "added" }] });
    scene.files.write(SECOND);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await report()).toMatchObject({
      schema: [{ object: "column orders.note", kind: "added", after: "text" }],
      drift: [],
    });
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({ code: 0 });
    expect(await report()).toMatchObject({
      schema: [{ object: "column orders.note", kind: "missing", before: "text" }],
    });
    expect(
      await sql("SELECT count(DISTINCT schema_hash)::int AS hashes, count(schema_hash)::int AS runs FROM headgate.run"),
    ).toEqual([{ hashes: 2, runs: 3 }]);
  });

  it("is told as far as a report goes, and how much more there is", async () => {
    scene.files.write({
      "002_many.sql":
        "-- Up Migration\nDO $$ BEGIN FOR n IN 1..2100 LOOP EXECUTE format('CREATE TYPE t_%s AS ENUM ()', n); END LOOP; END $$;\n",
    });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await report()).toMatchObject({ schema: { length: 2_000 }, leftOut: { schema: 101 } });
    expect(await scene.run("report", "1")).toMatchObject({
      stdout: expect.stringContaining("left out of the report: 101 "),
    });
  });

  it("is not recorded again by a run with nothing to do", async () => {
    await scene.run("migrate");
    const before = await sql("SELECT xmin::text, run::int FROM headgate.fingerprint");
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await sql("SELECT xmin::text, run::int FROM headgate.fingerprint")).toEqual(before);
    expect(await report()).not.toHaveProperty("schema");
  });

  it("is recorded by a run with nothing to do where none has", async () => {
    await scene.run("migrate");
    await sql("DELETE FROM headgate.fingerprint");
    expect(await scene.run("verify")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("no run has recorded the schema yet"),
    });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await recorded()).toMatchObject([{ run: 2 }]);
  });

  it("is recorded by a run that fails after it has changed something", async () => {
    scene.files.write({ "002_bad.sql": "CREATE TABLE half (id int); SELECT 1/0;\n" });
    expect(await scene.run("migrate")).toMatchObject({ code: 6 });
    expect(await recorded()).toMatchObject([{ run: 1 }]);
    expect(await scene.run("verify", "--json")).toMatchObject({ code: 3 });
    expect(await scene.json("verify")).toMatchObject({ schema: { known: true, differences: [] } });
    expect(await report()).toMatchObject({ schema: [{ object: "table orders", kind: "added" }] });
  });

  it("is not recorded at all where that is not wanted", async () => {
    scene.values({ drift: { record: false } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await recorded()).toEqual([]);
    const { code, stderr } = await scene.run("verify");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("; drift.record is off, so no run records it"),
    });
    expect(stderr).not.toContain("--accept");
  });
});

describe("a run that finds the schema changed by other hands", () => {
  it("says so and goes on, and what it leaves is known from then on", async () => {
    await scene.run("migrate");
    await sql(BY_HAND);
    scene.files.write(SECOND);
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(0);
    expect(stderr).toMatch(/the schema is not what the last run left \(run 1, .*\): 2 differences/);
    expect(stderr).toContain("column orders.total: numeric(14,2), was numeric(12,2)");
    expect(stderr).toContain("index orders_by_total: missing");
    expect(stderr).toContain("from its end on that counts as known: headgate report 2 keeps it");
    expect((await scene.run("report")).stdout).toContain("Look at what other hands have changed, below: 2 objects");
    expect(await report()).toMatchObject({
      drift: [
        { object: "column orders.total", kind: "different", before: "numeric(12,2)", after: "numeric(14,2)" },
        { object: "index orders_by_total", kind: "missing" },
      ],
      schema: [{ object: "column orders.note", kind: "added" }],
    });
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
  });

  it("changes nothing where it is to refuse, and goes on once somebody has accepted it", async () => {
    await scene.run("migrate");
    await sql(BY_HAND);
    scene.files.write(SECOND);
    scene.values({ drift: { onMigrate: "refuse" } });
    for (let again = 0; again < 2; again += 1) {
      expect(await scene.run("migrate")).toMatchObject({
        code: 3,
        stderr: expect.stringContaining("error  schema-drifted: the schema is not what the last run left"),
      });
      expect(await report()).toMatchObject({ drift: [{ object: "column orders.total" }, { kind: "missing" }] });
    }
    expect(
      await sql("SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'note'"),
    ).toEqual([]);
    expect(await scene.run("revert", "--all", "--yes")).toMatchObject({ code: 3 });
    expect(await scene.run("verify", "--accept")).toMatchObject({ code: 1 });
    expect(await scene.run("verify", "--accept", "--yes")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("2 differences accepted"),
    });
    expect(await sql("SELECT command, actor IS NOT NULL AS named FROM headgate.run ORDER BY id DESC LIMIT 1")).toEqual([
      { command: "accept", named: true },
    ]);
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("accepts nothing that came after the look", async () => {
    await scene.run("migrate");
    await sql(BY_HAND);
    const holder = await scene.database.connect();
    await holder.query("SELECT pg_advisory_lock(7241865325823964)");
    const accepting = scene.start("verify", "--accept", "--yes");
    await eventually(() => expect(accepting.stderr()).toContain("index orders_by_total: missing"));
    await sql("CREATE TABLE scratch (id int)");
    await holder.query("SELECT pg_advisory_unlock(7241865325823964)");
    expect(await accepting.result).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("no longer, what was shown"),
    });
    expect(await recorded()).toMatchObject([{ run: 1 }]);
    expect(await scene.run("verify", "--accept", "--yes")).toMatchObject({ code: 0 });
  });

  it("says nothing where it is to ignore that", async () => {
    await scene.run("migrate");
    await sql(BY_HAND);
    scene.files.write(SECOND);
    scene.values({ drift: { onMigrate: "ignore" } });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, told: stderr.includes("not what the last run left") }).toEqual({ code: 0, told: false });
    expect(await report()).toMatchObject({ schema: [{ object: "column orders.note", kind: "added" }] });
  });

  it("goes on warning while it fails, for nothing of it was accepted", async () => {
    await scene.run("migrate");
    await sql(BY_HAND);
    scene.files.write({ "002_bad.sql": "SELECT 1/0;\n" });
    for (let again = 0; again < 2; again += 1) {
      expect(await scene.run("migrate")).toMatchObject({ code: 6, stderr: expect.stringContaining("2 differences") });
    }
  });
});
