import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MARK } from "../support/canary.ts";
import { ADDS_STATE, DROPS_NOTE, useBackups } from "./backup-scene.ts";

const scene = useBackups();

describe("migrate with backup.strategy dump", () => {
  it("keeps and proves a copy before a run that destroys values", async () => {
    scene.files.write(DROPS_NOTE);
    const { code, stderr, stdout } = await scene.run(["migrate", "--json"]);
    expect(stderr).toMatch(
      / {2}002_note loses 5,000 values of orders\.note\nbackup +\S+-default-[0-9a-f]{8} in .*, read back whole, in /,
    );
    expect({ code, secret: stderr.includes(MARK) }).toEqual({ code: 0, secret: false });
    const [dump = "", record = "", ...more] = scene.stored();
    expect(more).toEqual([]);
    const kept = JSON.parse(readFileSync(join(scene.store, record), "utf8"));
    const report = JSON.parse(stdout);
    expect(kept).toMatchObject({
      format: 1,
      name: dump.replace(".dump", ""),
      database: scene.shop.name,
      strategy: "dump",
      tables: null,
      verified: "read",
    });
    expect(report.backup).toMatchObject({
      name: kept.name,
      where: scene.store,
      bytes: kept.bytes,
      sha256: kept.sha256,
      verified: "read",
    });
    expect(report.stages.find((one: { name: string }) => one.name === "backup")).toMatchObject({ status: "ok" });
  });

  it("knows from a manifest, too, what is destroyed and what only adds", async () => {
    scene.files.write({ ...DROPS_NOTE, "003_state.sql": ADDS_STATE["002_state.sql"] });
    expect(await scene.run(["compile"])).toMatchObject({ code: 0 });
    const { code, stderr } = await scene.run(["migrate"]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr.match(/^ {2}\S+ loses .*$/gm)).toEqual(["  002_note loses 5,000 values of orders.note"]);
    scene.files.write({ "004_state.sql": ADDS_STATE["002_state.sql"].replaceAll("state", "hue") });
    expect(await scene.run(["compile"])).toMatchObject({ code: 0 });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(scene.stored()).toHaveLength(2);
  });

  it("keeps none before one that only adds, or has nothing to do", async () => {
    scene.files.write(ADDS_STATE);
    for (const _ of [1, 2]) expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(scene.stored()).toEqual([]);
  });

  it("keeps one before every change with backup.when always, none with never, and none when there is nothing to do", async () => {
    scene.backup({ strategy: "dump", when: "never" });
    scene.files.write(DROPS_NOTE);
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(scene.stored()).toEqual([]);
    scene.backup({ strategy: "dump", when: "always" });
    scene.files.write({ "003_state.sql": ADDS_STATE["002_state.sql"] });
    for (const _ of [1, 2]) expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(scene.stored()).toHaveLength(2);
  });

  it("keeps one before a way back that loses rows, and asks nobody twice", async () => {
    const { code, stderr } = await scene.run(["revert", "--all", "--accept-data-loss", "--yes"]);
    expect(stderr).toMatch(/001_orders loses .*\nbackup +\S+-default-/);
    expect(code).toBe(0);
    expect(scene.stored()).toHaveLength(2);
  });
});

describe("a role from which row-level security hides every row", () => {
  it("is told that it cannot keep them, and loses none", async () => {
    await scene.shop.sql(`CREATE ROLE tenant LOGIN PASSWORD 'tenant-secret';
      DO $$ DECLARE one regclass; BEGIN
        FOR one IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace::regnamespace::text IN ('public', 'headgate')
        LOOP EXECUTE format('ALTER TABLE %s OWNER TO tenant', one); END LOOP;
        EXECUTE format('GRANT CREATE ON DATABASE %I TO tenant', current_database());
      END $$;
      ALTER SCHEMA headgate OWNER TO tenant; ALTER SCHEMA public OWNER TO tenant;
      ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
    const url = new URL(scene.shop.url);
    url.username = "tenant";
    url.password = "tenant-secret";
    const env = { DATABASE_URL: url.href };
    const hides = 'row-level security hides rows of orders from the role "tenant"';
    expect((await scene.run(["doctor"], env)).stdout).toContain(hides);
    const back = await scene.run(["revert", "--all", "--yes"], env);
    expect(back.stderr).toMatch(/would lose (about [\d,]+|an unknown number of) rows of orders/);
    scene.files.write(DROPS_NOTE);
    const { code, stderr } = await scene.run(["migrate"], env);
    expect(stderr).toMatch(/002_note loses (about [\d,]+|an unknown number of) values of orders\.note/);
    expect({ code, back: back.code }).toEqual({ code: 5, back: 3 });
    expect(await scene.shop.sql("SELECT note FROM orders LIMIT 1")).toHaveLength(1);
    await scene.shop.sql("REASSIGN OWNED BY tenant TO CURRENT_USER; DROP OWNED BY tenant; DROP ROLE tenant");
  });
});

describe("doctor", () => {
  it("says what a backup would lack here", async () => {
    scene.backup({ strategy: "dump", verify: "restore", volume: { path: `${scene.store}/none` } });
    await scene.shop.sql("CREATE ROLE looker LOGIN PASSWORD 'looker-secret'");
    const url = new URL(scene.shop.url);
    url.username = "looker";
    url.password = "looker-secret";
    const { stdout } = await scene.run(["doctor"], { DATABASE_URL: url.href });
    expect(stdout).toContain("warning  backup-target: the folder for backups, ");
    expect(stdout).toContain('the role "looker" may not read ');
    expect(stdout).toContain('the role "looker" may not create the database to restore into');
    await scene.shop.sql("DROP ROLE looker");
  });
});
