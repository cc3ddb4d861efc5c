import { afterEach, describe, expect, it } from "vitest";
import { loginSql } from "../support/database.ts";
import { useScene } from "./scene.ts";

const FIRST = { "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" };

const scene = useScene(FIRST);
let roles: readonly string[] = [];

async function newRole(name: string): Promise<string> {
  const role = `${scene.database.name}_${name}`;
  await scene.database.sql(`CREATE ROLE ${role} ${loginSql()}; GRANT CREATE ON DATABASE ${scene.database.name} TO ${role};
    GRANT USAGE, CREATE ON SCHEMA public TO ${role}`);
  roles = [...roles, role];
  return role;
}

const urlOf = (role: string): string => {
  return scene.database.urlAs(role);
};

afterEach(async () => {
  for (const role of roles) await scene.database.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  roles = [];
});

const tables = async () =>
  (await scene.database.sql("SELECT relname FROM pg_class WHERE relname = 'orders'")).map(({ relname }) => relname);

describe("an extension that the server does not have stops the run before anything changes", () => {
  it("with the place of the statement", async () => {
    scene.files.write({
      "002_geo.sql": "CREATE TABLE places (id int);\n\nCREATE EXTENSION IF NOT EXISTS no_such_thing;\n",
    });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain(
      "extensions: 002_geo.sql:3 wants the extension no_such_thing, which this server does not have",
    );
    expect(await tables()).toEqual([]);
    const { stdout } = await scene.run("doctor");
    expect(stdout).toMatch(/^fails +extensions: 002_geo\.sql:3 wants/m);
    expect(stdout).toMatch(/^ok +ownership$/m);
  });

  it("and so does a version that it does not have, while one that it has and one that is there already go on", async () => {
    scene.files.write({ "002_old.sql": "CREATE EXTENSION IF NOT EXISTS plpgsql VERSION '0.1';\n" });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    scene.files.write({ "003_old.sql": "CREATE EXTENSION plpgsql VERSION '0.1';\n" });
    expect(await scene.run("migrate")).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /003_old\.sql:1 wants version 0\.1 of the extension plpgsql, and this server has 1\.0/,
      ),
    });
  });

  it("in an image too, whose manifest knows what is wanted", async () => {
    scene.files.write({ "002_geo.sql": "CREATE EXTENSION no_such_thing;\n" });
    expect(await scene.run("compile")).toMatchObject({ code: 0 });
    const { code, stderr } = await scene.run("migrate");
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("002_geo.sql:1 wants") });
    expect(await tables()).toEqual([]);
  });
});

describe("a table of another role stops the run before anything changes", () => {
  it("with its owner and the GRANT that helps, which is enough", async () => {
    const [owner, app] = [await newRole("owner"), await newRole("app")];
    await scene.database.sql(`CREATE TABLE customers (id int); ALTER TABLE customers OWNER TO ${owner}`);
    scene.files.write({
      "002_more.sql": "ALTER TABLE orders ADD COLUMN total int;\nALTER TABLE customers ADD COLUMN mail text;\n",
      "003_index.sql": "CREATE INDEX customers_mail ON customers (mail);\n",
    });
    const { code, stderr } = await scene.runAs(urlOf(app), "migrate");
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain(
      `ownership: only the owner may do what the pending migrations do to the table customers (002_more.sql:2): "${owner}", and not "${app}"`,
    );
    expect(await tables()).toEqual([]);
    await scene.database.sql(stderr.match(/GRANT [^;\n]+/)?.[0] ?? "");
    expect(await scene.runAs(urlOf(app), "migrate")).toMatchObject({ code: 0 });
  });

  it("unless database.role owns it", async () => {
    const [owner, login] = [await newRole("owner"), await newRole("login")];
    await scene.database.sql(
      `GRANT ${owner} TO ${login}; ALTER ROLE ${login} NOINHERIT; CREATE TABLE customers (id int); ALTER TABLE customers OWNER TO ${owner}`,
    );
    scene.files.write({ "002_more.sql": "DROP TABLE customers;\n" });
    scene.values({ database: { role: owner } });
    expect(await scene.runAs(urlOf(login), "migrate")).toMatchObject({ code: 0 });
  });

  it("and a superuser's is to be handed over, not its role given away; baseline and plan say nothing of it", async () => {
    const app = await newRole("app");
    await scene.database.sql("CREATE TABLE customers (id int)");
    scene.files.write({ "002_more.sql": "CREATE INDEX customers_id ON customers (id);\n" });
    const { code, stderr } = await scene.runAs(urlOf(app), "migrate");
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain(`as an administrator: ALTER TABLE customers OWNER TO "${app}";`);
    expect(await scene.runAs(urlOf(app), "plan")).toMatchObject({ code: 0 });
    expect(await scene.runAs(urlOf(app), "baseline", "--to", "002_more", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.runAs(urlOf(app), "migrate")).toMatchObject({ code: 0 });
  });
});
