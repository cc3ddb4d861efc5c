import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { CANARY } from "../support/canary.ts";
import { createDatabase } from "../support/database.ts";
import { DROPS_NOTE, useBackups } from "./backup-scene.ts";

const scene = useBackups();
const made: string[] = [];

const inDatabase = async (database: string, text: string): Promise<pg.QueryResultRow[]> => {
  const { host, port } = scene.server;
  const client = new pg.Client({ host, port, user: "postgres", password: CANARY, database });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

const admin = async (text: string) => await inDatabase("template1", text);

const databases = async (): Promise<string[]> =>
  (await admin("SELECT datname FROM pg_database ORDER BY 1")).map((row) => row.datname);

afterEach(async () => {
  for (const name of made.splice(0)) await admin(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
});

const take = async (): Promise<string> => String((await scene.json("backup")).name);

describe("a restore in the place of a database", () => {
  it("never takes a template's", async () => {
    const name = await take();
    const before = await databases();
    await admin(`CREATE DATABASE like_this IS_TEMPLATE true`);
    for (const into of ["template0", "template1", "like_this"]) {
      const { code, stderr } = await scene.run([
        "backup",
        "restore",
        name,
        "--into",
        into,
        "--of",
        scene.shop.name,
        "--yes",
      ]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`${into} is a template`) });
    }
    await admin("ALTER DATABASE like_this IS_TEMPLATE false; ");
    await admin("DROP DATABASE like_this");
    expect(await databases()).toEqual(before);
  });

  it("is refused with the rows of some tables alone, which it puts beside", async () => {
    scene.backup({ strategy: "dump-touched" });
    scene.files.write(DROPS_NOTE);
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    const [{ name = "" } = {}] = Object(await scene.json("backup", "list")).backups;
    expect((await scene.run(["backup", "list"])).stdout).toContain(" tables' rows ");
    const inPlace = await scene.run(["backup", "restore", name, "--into", scene.shop.name, "--yes"]);
    expect(inPlace).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/holds the rows of \d tables alone; in the place/),
    });
    const beside = await scene.run(["backup", "restore", name, "--into", "beside"]);
    made.push("beside");
    expect(beside).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/rows of \d tables alone[\s\S]*public\.orders/),
    });
    expect(beside.stdout).not.toContain("DROP DATABASE");
    expect(await scene.json("backup", "restore", name, "--into", "beside2")).toMatchObject({
      tables: expect.arrayContaining(["public.orders"]),
    });
    made.push("beside2");
  });

  it("is refused with another database's backup, unless that is named", async () => {
    const other = await createDatabase(scene.server.url());
    await other.sql("CREATE TABLE others (a int)");
    const { stdout } = await scene.run(["backup", "--json"], { DATABASE_URL: other.url });
    const { name } = JSON.parse(stdout);
    const own = await scene.run(["backup", "verify"]);
    expect(own).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`there is no backup of ${scene.shop.name} on `),
    });
    const args = ["backup", "restore", name, "--into", scene.shop.name, "--yes"];
    for (const more of [[], ["--of", "third"]])
      expect(await scene.run([...args, ...more])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`is a backup of ${other.name}, not of ${more[1] ?? scene.shop.name}`),
      });
    const restored = await scene.run([...args, "--of", other.name]);
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`, of ${other.name} on the server `) });
    made.push(/called (\S+) now/.exec(restored.stdout)?.[1] ?? "");
    expect(await scene.shop.sql("SELECT * FROM others")).toEqual([]);
    await other.drop();
  });

  it("names what is pending again", async () => {
    scene.backup({ strategy: "dump" });
    scene.files.write(DROPS_NOTE);
    await scene.run(["migrate"]);
    const [{ name = "" } = {}] = Object(await scene.json("backup", "list")).backups;
    const args = ["backup", "restore", name, "--into", scene.shop.name, "--yes"];
    const restored = await scene.run(args);
    made.push(/called (\S+) now/.exec(restored.stdout)?.[1] ?? "");
    expect(restored).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\npending again: 002_note\nthe same release applies them again/),
    });
  });

  it("is told by the history of the restored database, and in a report", async () => {
    scene.files.write(DROPS_NOTE);
    await scene.run(["migrate"]);
    const [{ name = "" } = {}] = Object(await scene.json("backup", "list")).backups;
    const restored = await scene.json("backup", "restore", name, "--into", scene.shop.name, "--yes");
    made.push(String(restored.before));
    const { runs } = Object(await scene.json("history"));
    expect(runs[0]).toMatchObject({ command: "restore", outcome: "done", exitCode: 0, applied: 0 });
    const origin = `restored from ${name}, of ${scene.shop.name} on the server`;
    for (const format of ["text", "html", "json"]) {
      const { code, stdout } = await scene.run(["report", "--format", format]);
      expect({ format, code, told: stdout.includes(origin) }).toEqual({ format, code: 0, told: true });
    }
    expect((await scene.run(["report"])).stdout).toMatch(
      new RegExp(
        `database ${scene.shop.name}, [\\s\\S]*next: headgate status shows which migrations are pending again`,
      ),
    );
  });

  it("works for the database that is called postgres", async () => {
    const url = new URL(scene.shop.url);
    url.pathname = "/postgres";
    const env = { DATABASE_URL: url.href };
    await inDatabase("postgres", "CREATE TABLE of_postgres AS SELECT 1 AS a");
    const { stdout } = await scene.run(["backup", "--json"], env);
    await inDatabase("postgres", "DROP TABLE of_postgres");
    const { name } = JSON.parse(stdout);
    const restored = await scene.run(["backup", "restore", name, "--into", "postgres", "--yes", "--json"], env);
    expect(restored).toMatchObject({ code: 0 });
    made.push(JSON.parse(restored.stdout).before);
    expect(await inDatabase("postgres", "SELECT a FROM of_postgres")).toEqual([{ a: 1 }]);
    await inDatabase("postgres", "DROP TABLE of_postgres");
  });

  it("is refused for another owner's before anything is filled", async () => {
    const name = await take();
    await admin("CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker-secret'");
    const url = new URL(scene.shop.url);
    url.username = "maker";
    url.password = "maker-secret";
    const args = ["backup", "restore", name, "--into", scene.shop.name, "--yes"];
    expect(await scene.run(args, { DATABASE_URL: url.href })).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /belongs to postgres, and maker may not rename it\n {2}What stands: nothing was changed/,
      ),
    });
    await admin("DROP ROLE maker");
  });
});

describe("a role that may not hand objects to others", () => {
  it("is told to leave the owners out, and proves its backups without them", async () => {
    await admin(
      "CREATE ROLE boss; CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker-secret'; GRANT pg_read_all_data TO maker",
    );
    await scene.shop.sql("ALTER TABLE logs OWNER TO boss; GRANT USAGE, CREATE ON SCHEMA public TO maker");
    const url = new URL(scene.shop.url);
    url.username = "maker";
    url.password = "maker-secret";
    const env = { DATABASE_URL: url.href };
    scene.backup({ strategy: "dump", verify: "restore" });
    const taken = await scene.run(["backup", "--json"], env);
    expect(taken).toMatchObject({ code: 0 });
    const { name } = JSON.parse(taken.stdout);
    const refused = await scene.run(["backup", "restore", name, "--into", "handed"], env);
    made.push("handed");
    expect(refused).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/Next: .*run again with --without-owners/),
    });
    expect(await scene.run(["backup", "restore", name, "--into", "handed", "--without-owners"], env)).toMatchObject({
      code: 0,
    });
    await admin("DROP DATABASE handed WITH (FORCE)");
    await scene.shop.sql("DROP OWNED BY maker; REASSIGN OWNED BY boss TO postgres");
    await admin("DROP ROLE maker; DROP ROLE boss");
  });
});

describe("a restored database", () => {
  it("has the settings it had, role by role, its limit and its comment, and nobody else's", async () => {
    const { name } = scene.shop;
    await admin(`CREATE ROLE web; ALTER ROLE web IN DATABASE ${name} SET search_path = 'a b', public; ALTER ROLE web SET work_mem = '9MB';
      ALTER ROLE postgres SET app.mine = 'x'; ALTER DATABASE ${name} SET app.tenant = 'it''s'; ALTER ROLE postgres IN DATABASE ${name} SET lock_timeout = '7s';
      ALTER DATABASE ${name} CONNECTION LIMIT 7; COMMENT ON DATABASE ${name} IS 'it''s the shop'`);
    const facts = `SELECT datconnlimit, shobj_description(oid, 'pg_database') AS comment, (SELECT json_agg(ARRAY[setrole::regrole::text, setconfig::text] ORDER BY setrole)
      FROM pg_db_role_setting WHERE setdatabase = d.oid)::text AS settings FROM pg_database AS d WHERE datname = `;
    const before = await admin(`${facts}'${name}'`);
    expect(before).toMatchObject([{ datconnlimit: 7, settings: expect.stringContaining("app.tenant=it's") }]);
    const backup = await take();
    made.push("alike", "bare");
    expect(await scene.run(["backup", "restore", backup, "--into", "alike"])).toMatchObject({ code: 0 });
    expect(await admin(`${facts}'alike'`)).toEqual(before);
    expect(await scene.run(["backup", "restore", backup, "--into", "bare", "--without-owners"])).toMatchObject({
      code: 0,
    });
    const [{ settings } = {}] = await admin(`${facts}'bare'`);
    expect(settings).toContain("app.tenant");
    expect(settings).not.toContain("web");
    await admin("ALTER ROLE postgres RESET ALL");
    for (const one of [name, "alike"]) await admin(`ALTER ROLE web IN DATABASE ${one} RESET ALL`);
    await admin("DROP ROLE web");
  });
});

describe("what a killed restore has left", () => {
  it("is named by doctor, with the DROP; what may still be at work is not", async () => {
    const [left, young] = ["headgate_restore_202001010000_1f2e3d4c", "headgate_restore_299901010000_1f2e3d4c"];
    made.push(left, young);
    for (const name of made) await admin(`CREATE DATABASE ${name}`);
    const { stdout } = await scene.run(["doctor"]);
    expect(stdout).toMatch(/^warning +leftovers: half-filled by a restore that was killed: /m);
    expect(stdout).toContain(`DROP DATABASE "${left}";`);
    expect(stdout).not.toContain(young);
  });
});
