import { beforeEach, describe, expect, it } from "vitest";
import { loginSql } from "../support/database.ts";
import { useOrdersScene } from "./orders-scene.ts";

const { scene, forget } = useOrdersScene();
const SCHEMAS = ["north", "south", "west"];
const ALL = ["001_orders", "002_total", "003_rename"];
const fleetOf = (fleet: object, more: object = {}) => scene.values({ fleet, ...more });

async function applied(): Promise<Record<string, unknown>> {
  const rows = await scene.database.sql(
    "SELECT target, json_agg(name ORDER BY sequence) AS names FROM headgate.history GROUP BY target",
  );
  return Object.fromEntries(rows.map(({ target, names }) => [String(target).replace("default/", ""), names]));
}

const does = async (...args: readonly string[]) => {
  const { code, stderr } = await scene.run(...args);
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
};

beforeEach(async () => {
  for (const schema of SCHEMAS) await scene.database.sql(`CREATE SCHEMA ${schema}`);
  fleetOf({ schemas: SCHEMAS });
});

describe("a schema of a fleet that", () => {
  it("was dropped and made anew is migrated from the beginning, whatever its history says", async () => {
    await does("migrate");
    await scene.database.sql("DROP SCHEMA south CASCADE; CREATE SCHEMA south");
    expect(await scene.run("status", "--exit-code")).toMatchObject({ code: 3 });
    await does("migrate");
    expect(await scene.database.sql("SELECT count(*)::int AS rows FROM south.orders")).toEqual([{ rows: 2 }]);
    expect(await applied()).toEqual({ north: ALL, south: ALL, west: ALL });
  });

  it("only lost its pgmigrations keeps what it has", async () => {
    await does("migrate");
    await scene.database.sql("DROP TABLE south.pgmigrations");
    await does("migrate");
    expect(await scene.database.sql("SELECT count(*)::int AS rows FROM south.pgmigrations")).toEqual([{ rows: 3 }]);
  });

  it("was migrated without the fleet before is not adopted in part: history and way back are moved by one command", async () => {
    scene.values({});
    await does("migrate");
    fleetOf({ schemas: ["public", ...SCHEMAS] });
    const refused = await scene.run("migrate");
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("applied without a fleet") });
    expect(await applied()).toEqual({ default: ALL });
    const [, moves = ""] = /move its history once: (.*)$/m.exec(refused.stderr) ?? [];
    await scene.database.sql(moves);
    await does("migrate");
    await does("revert", "--schema", "public", "--to", "001_orders", "--yes");
    // Back without the fleet, its state would be overlooked.
    scene.values({});
    expect(await scene.run("migrate")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("one schema of a fleet"),
    });
  });

  it("is Headgate's own, or PostgreSQL's, is refused", async () => {
    for (const schema of ["headgate", "pg_catalog"]) {
      fleetOf({ schemas: [schema] });
      expect(await scene.run("migrate")).toMatchObject({ code: 1, stderr: expect.stringContaining("own") });
    }
    fleetOf({ query: "SELECT nspname FROM pg_namespace WHERE nspname <> 'public' AND nspname !~ '^(pg_|info)'" });
    expect(await scene.run("migrate")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("headgate, which is"),
    });
  });

  it("the query does not name is refused on the command line, too", async () => {
    fleetOf({ query: "SELECT nspname FROM pg_namespace WHERE nspname IN ('north', 'west')" });
    for (const command of ["migrate", "status"]) {
      expect(await scene.run(command, "--schema", "south")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("the fleet has no such schema"),
      });
    }
    await does("migrate", "--schema", "north");
  });

  it("may not be used is told the GRANT, and not that it is missing", async () => {
    const role = `${scene.database.name}_tenant`;
    await scene.database.sql(`CREATE ROLE ${role} ${loginSql()}; CREATE SCHEMA headgate AUTHORIZATION ${role}`);
    for (const schema of ["north", "south"]) await scene.database.sql(`GRANT ALL ON SCHEMA ${schema} TO ${role}`);
    const { code, stderr } = await scene.runAs(scene.database.urlAs(role), "migrate");
    await scene.database.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('USAGE, CREATE ON SCHEMA "west"'),
    });
    expect(stderr).not.toContain("does not exist");
  });
});

describe("what a refused fleet is told to do works", () => {
  const old = async () => {
    forget("003_rename.sql", "002_total.sql");
    fleetOf({ schemas: SCHEMAS }, { rollback: { onAhead: "revert", delay: "0s" } });
    expect(await scene.run("migrate")).toMatchObject({ code: 3 });
  };

  it("where one schema is where it should be, and another was settled by hand", async () => {
    await does("migrate");
    await does("revert", "--schema", "west", "--to", "001_orders", "--yes");
    await scene.database.sql("UPDATE south.orders SET total = 1; UPDATE north.orders SET total = 1");
    await old();
    await does("revert", "--schema", "south", "--to", "001_orders", "--accept-data-loss", "--yes");
    await does("revert", "--refused", "--accept-data-loss", "--yes");
    expect(await applied()).toEqual({ north: ["001_orders"], south: ["001_orders"], west: ["001_orders"] });
    expect(await scene.run("revert", "--refused", "--yes")).toMatchObject({ code: 0 });
  });

  it("again, after it was killed", async () => {
    await does("migrate");
    await scene.database.sql("UPDATE south.orders SET total = 1");
    await old();
    const holder = await scene.database.connect();
    await holder.query("BEGIN; LOCK TABLE south.orders");
    const running = scene.start("revert", "--refused", "--accept-data-loss", "--yes");
    await expect.poll(() => running.stderr(), { timeout: 20_000 }).toContain("south");
    running.process.kill("SIGKILL");
    await running.result;
    await holder.end();
    await does("revert", "--refused", "--accept-data-loss", "--yes");
    expect(await applied()).toEqual({ north: ["001_orders"], south: ["001_orders"], west: ["001_orders"] });
  });

  it("counts no steps over a fleet: run again they would be others", async () => {
    await does("migrate");
    expect(await scene.run("revert", "--steps", "1", "--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--to NAME"),
    });
    await does("revert", "--steps", "1", "--schema", "north", "--yes");
  });
});

describe("failures in several schemas", () => {
  it("are all told, each with its own commands, and half-done work decides the exit code", async () => {
    await scene.database.sql("CREATE TABLE north.orders (other int)");
    scene.files.write({
      "004_build.sql":
        "-- headgate: no-transaction\nCREATE TABLE half (a int);\nINSERT INTO half VALUES (1), (1);\nCALL public.ending();\n",
    });
    await scene.database.sql(
      "CREATE PROCEDURE public.ending() LANGUAGE plpgsql AS $$ BEGIN COMMIT; PERFORM pg_sleep(0); RAISE 'no'; END $$",
    );
    fleetOf({ schemas: SCHEMAS, onFailure: "continue" });
    const { code, stdout, stderr } = await scene.run("migrate", "--json");
    const report = JSON.parse(stdout);
    expect(report.notReached).toEqual([]);
    expect(report.fleet.failed.map(({ schema }: { schema: string }) => schema)).toEqual(SCHEMAS);
    expect(code).toBe(report.error.id === "needs-attention" ? 7 : 6);
    expect(stderr).toContain("failed in: north (6), south (");
    expect(stderr).toContain("--schema south");
    expect(stderr).not.toMatch(/headgate (repair|baseline) (?!--schema)/);
  });

  it("of a schema that is dropped during the run is told as that", async () => {
    scene.files.write({ "004_wait.sql": "SELECT CASE current_schema() WHEN 'north' THEN pg_sleep(2) END;\n" });
    const running = scene.start("migrate");
    await expect.poll(() => running.stderr(), { timeout: 20_000 }).toContain("applied 003_rename");
    await scene.database.sql("DROP SCHEMA south CASCADE");
    const { code, stderr } = await running.result;
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("schema south is gone") });
  });
});

describe("the status of a fleet", () => {
  it("says what a plain migrate does not settle", async () => {
    await does("migrate");
    forget("002_total.sql");
    const { stdout, stderr } = await scene.run("status");
    expect(stdout).toMatch(/^north +3 +0 +0 +0 +0 +1$/m);
    expect(stderr).toContain("north: next: put the files back");
  });
});
