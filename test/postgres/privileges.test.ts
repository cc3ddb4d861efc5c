import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loginSql } from "../support/database.ts";
import { useScene } from "./scene.ts";

const scene = useScene({ "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" });
let roles: readonly string[] = [];

async function newRole(name: string): Promise<string> {
  const role = `${scene.database.name}_${name}`;
  await scene.database.sql(`CREATE ROLE ${role} ${loginSql()}`);
  roles = [...roles, role];
  return role;
}

const urlOf = (role: string): string => {
  return scene.database.urlAs(role);
};

beforeEach(() => {
  roles = [];
});
afterEach(async () => {
  for (const role of roles) await scene.database.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
});

/** Runs the GRANTs that a refusal printed, exactly as printed. */
async function applyPrinted(stderr: string): Promise<void> {
  const grants = stderr.match(/GRANT [^;\n]+/g) ?? [];
  expect(grants.length).toBeGreaterThan(0);
  for (const grant of grants) await scene.database.sql(grant);
}

const SNAPSHOT = `SELECT (SELECT count(*)::int FROM pg_class) AS classes, (SELECT count(*)::int FROM pg_proc) AS functions,
 (SELECT count(*)::int FROM pg_namespace) AS schemas, (SELECT max(oid)::text FROM pg_class) AS newest`;

describe("a role that may only read", () => {
  it("can run status, plan and verify, which write nothing", async () => {
    await scene.run("migrate");
    scene.files.write({ "002_more.sql": "CREATE TABLE more (id int);" });
    const reader = await newRole("reader");
    await scene.database.sql(`GRANT USAGE ON SCHEMA headgate TO ${reader}; GRANT SELECT ON ALL TABLES IN SCHEMA headgate TO ${reader};
      GRANT SELECT ON pgmigrations TO ${reader}`);
    const before = await scene.database.sql(SNAPSHOT);
    expect(await scene.runAs(urlOf(reader), "status")).toMatchObject({ code: 0 });
    expect(await scene.runAs(urlOf(reader), "plan")).toMatchObject({ code: 0 });
    expect(await scene.runAs(urlOf(reader), "verify")).toMatchObject({ code: 3 });
    expect(await scene.database.sql(SNAPSHOT)).toEqual(before);
    expect(await scene.database.sql("SELECT count(*)::int AS runs FROM headgate.run")).toEqual([{ runs: 1 }]);
  });

  it("sees a fresh database as one where everything is pending", async () => {
    const reader = await newRole("reader");
    const { code, stdout } = await scene.runAs(urlOf(reader), "status", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ applied: [], pending: [{ name: "001_orders" }] });
  });

  it("is told which GRANTs are missing when it may not read the history, and they are enough", async () => {
    await scene.run("migrate");
    const reader = await newRole("reader");
    const { code, stderr } = await scene.runAs(urlOf(reader), "status");
    expect({ code, stderr }).toMatchObject({ code: 3 });
    await applyPrinted(stderr);
    expect(await scene.runAs(urlOf(reader), "status")).toMatchObject({ code: 0 });
  });
});

describe("a role that lacks privileges is told all that are missing, with GRANTs that are enough, when", () => {
  it("the database is fresh", async () => {
    const app = await newRole("app");
    const { code, stderr } = await scene.runAs(urlOf(app), "migrate");
    expect(code).toBe(3);
    expect(stderr).toContain("GRANT CREATE ON DATABASE");
    await applyPrinted(stderr);
    expect(await scene.runAs(urlOf(app), "migrate")).toMatchObject({ code: 0 });
  });

  it("the history belongs to another role", async () => {
    await scene.run("migrate");
    scene.files.write({ "002_more.sql": "CREATE TABLE more (id int);" });
    const app = await newRole("app");
    await scene.database.sql(
      `GRANT USAGE, CREATE ON SCHEMA public TO ${app}; GRANT USAGE, CREATE ON SCHEMA headgate TO ${app}`,
    );
    const { code, stderr } = await scene.runAs(urlOf(app), "migrate");
    expect({ code, stderr }).toMatchObject({ code: 3 });
    await applyPrinted(stderr);
    expect(await scene.runAs(urlOf(app), "migrate")).toMatchObject({ code: 0 });
  });

  it.each([
    { what: "nothing", files: {} },
    { what: "something", files: { "002_more.sql": "CREATE TABLE more (id int);" } },
  ])(
    "the tables are an older Headgate's and another role's, with $what pending: only their owner can extend them",
    async ({ files }) => {
      await scene.run("migrate");
      const app = await newRole("app");
      await scene.database.sql(`DROP TABLE headgate.fingerprint; ALTER TABLE headgate.run DROP COLUMN schema_hash; UPDATE headgate.meta SET schema_version = 2;
      GRANT USAGE, CREATE ON SCHEMA public TO ${app}; GRANT USAGE ON SCHEMA headgate TO ${app};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headgate, public TO ${app}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${app}`);
      scene.files.write(files);
      const { code, stderr } = await scene.runAs(urlOf(app), "migrate");
      expect({ code, stderr }).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(
          /lacks ownership of the tables in the schema "headgate".*run headgate migrate once as "postgres"; then GRANT/s,
        ),
      });
      expect(await scene.run("migrate")).toMatchObject({ code: 0 });
      await applyPrinted(stderr);
      scene.files.write({ "003_last.sql": "CREATE TABLE last (id int);" });
      expect(await scene.runAs(urlOf(app), "migrate")).toMatchObject({ code: 0 });
    },
  );

  it("no schema of database.searchPath is there: it is named, and no GRANT on another is asked for", async () => {
    scene.values({ database: { searchPath: ["shop"] } });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(3);
    expect(stderr).toMatch(/schema "shop" \(database.searchPath\), which does not exist/);
    expect(stderr).not.toContain('ON SCHEMA "public"');
  });
});

describe("the settings of the database", () => {
  it("database.role owns what migrations create, in the first schema of database.searchPath", async () => {
    const [login, owner] = [await newRole("login"), await newRole("owner")];
    await scene.database.sql(
      `GRANT ${owner} TO ${login}; CREATE SCHEMA shop AUTHORIZATION ${owner}; GRANT CREATE ON DATABASE ${scene.database.name} TO ${owner}`,
    );
    scene.values({ database: { role: owner, searchPath: ["shop"] } });
    const result = await scene.runAs(urlOf(login), "migrate");
    expect(result).toMatchObject({ code: 0 });
    expect(
      await scene.database.sql(
        "SELECT relowner::regrole::text AS owner, relnamespace::regnamespace::text AS schema FROM pg_class WHERE relname IN ('orders', 'history', 'pgmigrations') ORDER BY relname",
      ),
    ).toEqual([
      { owner, schema: "headgate" },
      { owner, schema: "shop" },
      { owner, schema: "shop" },
    ]);
  });

  it("database.role has to be one that the login role may take", async () => {
    const [login, owner] = [await newRole("login"), await newRole("owner")];
    scene.values({ database: { role: owner } });
    const { code, stderr } = await scene.runAs(urlOf(login), "migrate");
    expect(code).toBe(1);
    expect(stderr).toContain(`GRANT "${owner}" TO "${login}"`);
  });

  it("database.expect.name keeps the run away from any other database", async () => {
    scene.values({ database: { expect: { name: "production" } } });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(3);
    expect(stderr).toContain(
      `this is the database "${scene.database.name}", and database.expect.name says "production"`,
    );
    scene.values({ database: { expect: { name: scene.database.name } } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });
});
