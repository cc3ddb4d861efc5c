import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CANARY } from "../support/canary.ts";
import { ADDS_STATE, DROPS_NOTE, useBackups } from "./backup-scene.ts";

const scene = useBackups();

const recordOf = () => {
  const name = scene.stored().find((one) => one.endsWith(".json")) ?? "";
  return JSON.parse(readFileSync(join(scene.store, name), "utf8"));
};

describe("backup.verify restore", () => {
  it("restores into a database that is dropped again, and compares rows and schema", async () => {
    await scene.shop.sql(`CREATE VIEW totals AS SELECT customer, sum(total) FROM orders GROUP BY 1;
      CREATE MATERIALIZED VIEW sums AS SELECT count(*) FROM orders; CREATE INDEX ON orders (customer) WHERE total > 5;
      CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
      INSERT INTO parts VALUES (1, '2026-01-01'); COMMENT ON TABLE orders IS 'it''s'; ALTER TABLE orders ADD CHECK (total > 0) NOT VALID;
      CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON logs FOR EACH ROW EXECUTE FUNCTION f()`);
    scene.backup({ strategy: "dump", verify: "restore" });
    scene.files.write(DROPS_NOTE);
    const { code, stderr } = await scene.run(["migrate"]);
    expect(stderr).toMatch(/restored and compared/);
    expect(code).toBe(0);
    expect(recordOf()).toMatchObject({ verified: "restore", rows: { "public.orders": 5000, "public.parts_1": 1 } });
    const [{ n } = {}] = await scene.shop.sql(
      "SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE 'headgate_%'",
    );
    expect(n).toBe(0);
  });
});

describe("backup.strategy dump-touched", () => {
  it("keeps the whole schema, and the rows of what is touched and of what that refers to", async () => {
    scene.backup({ strategy: "dump-touched", verify: "restore" });
    scene.files.write(DROPS_NOTE);
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    const record = recordOf();
    expect(record).toMatchObject({ strategy: "dump-touched", verified: "restore" });
    expect(record.tables).toEqual(
      expect.arrayContaining(["public.orders", "public.customers", "public.pgmigrations", "headgate.history"]),
    );
    expect(record.tables).not.toContain("public.logs");
    const restored = await scene.json("backup", "restore", record.name);
    const rows = await scene.shop.sql(`SELECT 1`);
    expect(rows).toHaveLength(1);
    await scene.shop.sql(`DROP DATABASE ${restored.database} WITH (FORCE)`);
  });

  it("keeps all of it when nobody can tell what is touched", async () => {
    scene.backup({ strategy: "dump-touched" });
    scene.files.write({
      "002_do.sql": "-- Up Migration\nDO $$ BEGIN PERFORM 1; EXECUTE 'DELETE FROM logs'; END $$;\n",
    });
    const { code, stderr } = await scene.run(["migrate"]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("all of it is kept") });
    expect(recordOf()).toMatchObject({ strategy: "dump", tables: null });
  });

  it("follows a delete into what cascades from it", async () => {
    await scene.shop.sql(
      "ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey, ADD FOREIGN KEY (customer) REFERENCES customers ON DELETE CASCADE",
    );
    scene.backup({ strategy: "dump-touched" });
    scene.files.write({ "002_gone.sql": "-- Up Migration\nDELETE FROM customers WHERE id > 90;\n" });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(recordOf().tables).toEqual(expect.arrayContaining(["public.customers", "public.orders"]));
  });
});

describe("backup.strategy restore-point", () => {
  it("names a point in the WAL and prints where it stands", async () => {
    scene.backup({ strategy: "restore-point" });
    scene.files.write(DROPS_NOTE);
    const { code, stdout, stderr } = await scene.run(["migrate", "--json"]);
    expect(stderr).toMatch(/backup +restore point \S+-default-[0-9a-f]{8} at [0-9A-F]+\/[0-9A-F]+ /);
    expect(JSON.parse(stdout).backup).toMatchObject({
      strategy: "restore-point",
      verified: "no",
      lsn: expect.stringMatching(/^[0-9A-F]+\//),
    });
    expect({ code, stored: scene.stored() }).toEqual({ code: 0, stored: [] });
  });

  it("says which right is missing", async () => {
    await scene.shop.sql(
      "CREATE ROLE plain LOGIN PASSWORD 'plain-secret'; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain",
    );
    const url = new URL(scene.shop.url);
    url.username = "plain";
    url.password = "plain-secret";
    scene.backup({ strategy: "restore-point" });
    const { code, stderr } = await scene.run(["backup"], { DATABASE_URL: url.href });
    expect(stderr).toContain('GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO "plain"');
    expect(code).toBe(5);
    await scene.shop.sql("DROP OWNED BY plain; DROP ROLE plain");
  });
});

describe("backup.strategy command", () => {
  const program = (text: string): string => {
    scene.files.write({ "../snapshot-test": "" });
    const path = join(scene.store, "..", "snapshot");
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  it("has made one when it ends with 0, and finds all it needs in its environment", async () => {
    const path = program(
      `echo "of $1 as $HEADGATE_BACKUP_NAME, $HEADGATE_TARGET, $PGDATABASE, $HOME"; pg_dump --schema-only > "${"$"}{0}.out"`,
    );
    scene.backup({ strategy: "command", command: [path, "; rm -rf $HOME"] });
    scene.files.write(DROPS_NOTE);
    const { code, stderr } = await scene.run(["migrate"]);
    expect(stderr).toMatch(
      new RegExp(`  of ; rm -rf \\$HOME as \\S+-default-[0-9a-f]{8}, default, ${scene.shop.name}, `),
    );
    expect(code).toBe(0);
    expect(readFileSync(`${path}.out`, "utf8")).toContain("CREATE TABLE public.orders");
  });

  it("stops the run when it ends with anything else, is not there, or takes too long", async () => {
    scene.files.write(DROPS_NOTE);
    scene.backup({ strategy: "command", command: [program("echo no room left >&2; exit 3")] });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 5, stderr: expect.stringContaining("no room left") });
    scene.backup({ strategy: "command", command: ["/no/such/program"] });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 5, stderr: expect.stringContaining("ENOENT") });
    scene.backup({ strategy: "command", command: [program("exec sleep 60")], timeout: "1s" });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 5, stderr: expect.stringContaining("longer than 1s") });
    expect(await scene.shop.sql("SELECT note FROM orders LIMIT 1")).toHaveLength(1);
    scene.backup({ strategy: "command", command: [] });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 1, stderr: expect.stringContaining("backup.command") });
  });
});

describe("the program of backup.command", () => {
  const program = (text: string): string => {
    const path = join(scene.store, "..", "snapshot");
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  it("is killed with all it has started when it does not end in time", async () => {
    scene.files.write(DROPS_NOTE);
    const path = program(`trap "" TERM; sleep 50 & echo $! > "$0.pid"; wait; sleep 50; sleep 50`);
    scene.backup({ strategy: "command", command: [path], timeout: "2s" });
    const began = Date.now();
    expect(await scene.run(["migrate"])).toMatchObject({ code: 5, stderr: expect.stringContaining("longer than 2s") });
    expect(Date.now() - began).toBeLessThan(25_000);
    // What nobody has waited for yet is there, and has no command line any more.
    const cmdline = `/proc/${readFileSync(`${path}.pid`, "utf8").trim()}/cmdline`;
    expect(existsSync(cmdline) ? readFileSync(cmdline, "utf8") : "").toBe("");
  });

  it("shows no secret that it writes in two pieces", async () => {
    const path = program(
      'printf %s "$(echo "$PGPASSWORD" | cut -c1-6)"; sleep 1; echo "$PGPASSWORD" | cut -c7-; printf end',
    );
    scene.backup({ strategy: "command", command: [path] });
    const { code, stderr } = await scene.run(["backup"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("  end") });
    expect(stderr).not.toContain(CANARY.slice(6));
  });
});

describe("a fleet", () => {
  it("gets one backup before the first schema changes, and none when no schema loses anything", async () => {
    await scene.shop.sql("CREATE SCHEMA north; CREATE SCHEMA south");
    const fleet = { fleet: { schemas: ["north", "south"] } };
    scene.backup({ strategy: "dump" }, fleet);
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(scene.stored()).toEqual([]);
    await scene.shop.sql("INSERT INTO south.orders (note) VALUES ('a')");
    scene.files.write({ "002_a.sql": ADDS_STATE["002_state.sql"], "003_note.sql": DROPS_NOTE["002_note.sql"] });
    const { code, stdout } = await scene.run(["migrate", "--json"]);
    expect(code).toBe(0);
    expect(scene.stored()).toHaveLength(2);
    expect(JSON.parse(stdout).backup).toMatchObject({ name: recordOf().name });
  });

  it("has members whose backups are found again by name, target and record", async () => {
    await scene.shop.sql("CREATE SCHEMA north");
    scene.backup({}, { fleet: { schemas: ["north"] } });
    const taken = await scene.run(["backup", "--schema", "north", "--json"]);
    expect(taken).toMatchObject({ code: 0 });
    const { name } = JSON.parse(taken.stdout);
    expect(name).toMatch(/Z-default-north-manual$/);
    expect(recordOf()).toMatchObject({ name, target: "default/north" });
    expect(await scene.json("backup", "list")).toMatchObject({ backups: [{ name }], leftovers: [] });
    expect(await scene.run(["backup", "verify", "--schema", "north"])).toMatchObject({ code: 0 });
  });
});
