import { describe, expect, it } from "vitest";
import { FIRST, SECOND, useDrift } from "./drift-scene.ts";
import { backendRunning, eventually } from "./scene.ts";

const { scene, sql, recorded } = useDrift();

describe("a table that somebody else holds while the schema is read", () => {
  /** Holds it until `work` is over, or calls what it is given. */
  const held = async (work: (letGo: () => Promise<unknown>) => Promise<void>) => {
    scene.files.write({ "002_view.sql": "CREATE VIEW totals AS SELECT total FROM orders;\n" });
    await scene.run("migrate");
    const holder = await scene.database.connect();
    await holder.query("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
    await work(async () => await holder.query("COMMIT"));
    await holder.query("COMMIT");
  };
  const waiting = async () =>
    await eventually(async () => {
      const [found] = await sql(
        "SELECT query_start FROM pg_stat_activity WHERE application_name LIKE 'headgate:%' AND wait_event_type = 'Lock' AND datname = current_database()",
      );
      if (found === undefined) throw new Error("nobody waits yet");
      return String(found.query_start.getTime());
    });

  it("is waited for, twice", async () => {
    await held(async (letGo) => {
      const verified = scene.run("verify");
      const first = await waiting();
      await eventually(async () => expect(await waiting()).not.toBe(first));
      await letGo();
      expect(await verified).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("the schema is what the last run left"),
      });
    });
  });

  it("for long makes the answer unknown, and stops only a run that is to refuse", async () => {
    const whole = expect.stringContaining("another session holds or changes a part of it");
    await held(async () => {
      const verified = scene.run("verify", "--json");
      scene.files.write({ "003_more.sql": "CREATE TABLE more (id int);\n" });
      scene.values({ drift: { onMigrate: "refuse" } });
      expect(await scene.run("migrate")).toMatchObject({ code: 4, stderr: whole });
      expect(await verified).toMatchObject({ stdout: expect.stringContaining('"known":false'), stderr: whole });
    });
    expect(await sql("SELECT to_regclass('more') AS more")).toEqual([{ more: null }]);
  });

  it("before a run, and no longer after it, does not keep it from recording what it leaves", async () => {
    await held(async (letGo) => {
      scene.files.write({ "003_more.sql": "CREATE TABLE more (id int);\n" });
      const migrated = scene.run("migrate");
      await eventually(async () => expect(await sql("SELECT to_regclass('more') AS more")).toEqual([{ more: "more" }]));
      await letGo();
      expect(await migrated).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("what became of the schema since the last run is not known"),
      });
    });
    expect(await recorded()).toMatchObject([{ run: 2 }]);
  });
});

describe("a run that is at work", () => {
  it("makes no false alarm: what differs until it has ended is not known", async () => {
    await scene.run("migrate");
    scene.files.write({ "002_fast.sql": "CREATE TABLE fast (id int);\n", "003_slow.sql": "SELECT pg_sleep(60);\n" });
    const run = scene.start("migrate");
    await backendRunning(scene.database, "pg_sleep");
    const { code, stdout, stderr } = await scene.run("verify", "--json");
    run.process.kill("SIGTERM");
    await run.result;
    expect({ code, stderr, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("a run is at work at this moment"),
      agrees: false,
      atWork: true,
      differences: [],
      schema: { known: false },
    });
    expect(await scene.run("verify")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("003_slow: not applied"),
    });
  });
});

describe("what other tools and older agents do to the schema with their migrations", () => {
  it("is not taken for the doing of other hands", async () => {
    await scene.run("migrate");
    // As a run that was killed after its last commit, or an agent that records nothing, leaves it.
    await sql(
      "CREATE TABLE extra (id int); INSERT INTO headgate.history (target, name, state, down_kind, applied_at) VALUES ('default', '001_z', 'applied', 'unknown', now()); INSERT INTO pgmigrations (name, run_on) VALUES ('001_z', now())",
    );
    scene.files.write({ "001_z.sql": "SELECT 1;\n" });
    const { code, stderr } = await scene.run("verify");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("migrations were applied or taken back since"),
    });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.json("verify")).toMatchObject({ agrees: true, schema: { known: true } });
  });

  const first = () => {
    scene.values({});
    scene.files.write(FIRST);
  };
  const other = (settings: Record<string, unknown> = {}) => {
    scene.values({ ...settings, history: { target: "other", pgmigrations: { table: "other_migrations" } } });
    scene.files.write({ "001_orders.sql": "CREATE TABLE parcels (id int);\n" });
  };
  const nothingToDo = async () =>
    expect(await scene.run("migrate")).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") });

  it("nor is that of another target in the same database, whose record is as good, and nobody covers it unseen", async () => {
    await scene.run("migrate");
    other();
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    const rows = async () => await sql("SELECT target, xmin::text FROM headgate.fingerprint ORDER BY target");
    const before = await rows();
    await nothingToDo();
    first();
    expect(await scene.json("verify")).toMatchObject({ agrees: true, schema: { known: true, recorded: { run: "2" } } });
    await nothingToDo();
    other();
    await nothingToDo();
    expect(await rows()).toEqual(before);
    await sql("ALTER TABLE orders ADD by_hand int");
    for (const target of [first, other, first]) {
      target();
      await nothingToDo();
      expect(await scene.json("verify")).toMatchObject({
        schema: { known: true, differences: [{ object: "column orders.by_hand", kind: "added" }] },
      });
    }
    expect(await rows()).toEqual(before);
    scene.files.write(SECOND);
    expect(await scene.run("migrate")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("orders.by_hand: added"),
    });
    scene.remove("002_note.sql");
    other();
    expect(await scene.json("verify")).toMatchObject({ agrees: true, schema: { known: true, recorded: { run: "9" } } });
  });

  it("nor does another target's record count that looks at other things, or whose history has moved", async () => {
    await scene.run("migrate");
    other({ drift: { partitions: "compare" } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    first();
    await nothingToDo();
    expect(await scene.json("verify")).toMatchObject({
      schema: { known: false, why: expect.stringContaining("the target other has recorded this database since") },
    });
    other();
    await nothingToDo();
    await sql("UPDATE headgate.history SET name = '001_z' WHERE target = 'other'");
    first();
    expect(await scene.json("verify")).toMatchObject({
      schema: {
        known: false,
        why: expect.stringContaining("migrations of the target other were applied or taken back"),
      },
    });
  });
});

describe("tables that an older Headgate made", () => {
  it("grow in a run with nothing to do, and the schema is recorded", async () => {
    await scene.run("migrate");
    await sql(
      "DROP TABLE headgate.fingerprint; ALTER TABLE headgate.run DROP COLUMN schema_hash; UPDATE headgate.meta SET schema_version = 2",
    );
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await recorded()).toMatchObject([{ run: 2 }]);
    expect(await sql("SELECT schema_version, min_writer FROM headgate.meta")).toEqual([
      { schema_version: 3, min_writer: 1 },
    ]);
  });
});
