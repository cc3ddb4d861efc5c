import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { CANARY } from "../support/canary.ts";
import { createDatabase } from "../support/database.ts";
import { useBackups } from "./backup-scene.ts";

const scene = useBackups();
const made: string[] = [];

const admin = async (text: string): Promise<pg.QueryResultRow[]> => {
  const client = new pg.Client({ connectionString: scene.server.url() });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

const inDatabase = async (name: string, text: string): Promise<pg.QueryResultRow[]> => {
  const { host, port } = scene.server;
  const client = new pg.Client({ host, port, user: "postgres", password: CANARY, database: name });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

const databases = async (): Promise<string[]> =>
  (await admin("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")).map((row) => row.datname);

/** What tells two databases apart. */
const COUNTS = `SELECT (SELECT count(*) FROM customers)::int AS customers, (SELECT count(*) FROM orders)::int AS orders,
  (SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders AS o) AS hash, (SELECT count(*) FROM headgate.history)::int AS history`;

afterEach(async () => {
  for (const name of made.splice(0)) await admin(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
});

const take = async (): Promise<string> => String((await scene.json("backup")).name);

describe("headgate backup", () => {
  it("takes one by hand, with no strategy in the settings, lists it, proves it and restores it", async () => {
    scene.backup({});
    expect(await scene.run(["backup", "list"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("no backup in "),
    });
    const created = await scene.run(["backup"]);
    expect(created).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^\S+-default-manual in .*, read back whole, in .*\nto restore it: headgate backup restore /,
      ),
    });
    const [name = ""] = created.stdout.split(" ");
    expect((await scene.run(["backup", "list"])).stdout).toMatch(
      new RegExp(`^NAME .*\n${name}  ${scene.shop.name} .* all .* read back `),
    );
    expect(await scene.json("backup", "list")).toMatchObject({
      backups: [{ name, database: scene.shop.name }],
      leftovers: [],
    });
    expect(await scene.run(["backup", "verify"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${name} is whole: `),
    });
    await scene.shop.sql(`ALTER DATABASE ${scene.shop.name} SET app.tenant = 'x'`);
    const restored = await scene.json("backup", "restore", name);
    made.push(String(restored.database));
    expect(restored).toMatchObject({
      name,
      database: `${scene.shop.name}_${name.slice(0, 16).toLowerCase()}`,
      before: null,
    });
    expect(await inDatabase(String(restored.database), COUNTS)).toEqual(await scene.shop.sql(COUNTS));
    const again = await scene.run(["backup", "restore", name]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("this backup was restored before") });
  });

  it("restores in the place of a database only with its name, and keeps what was there", async () => {
    await scene.shop.sql(`REVOKE CONNECT ON DATABASE ${scene.shop.name} FROM PUBLIC`);
    const name = await take();
    await scene.shop.sql("DELETE FROM orders");
    const acl = `SELECT datacl::text AS acl FROM pg_database WHERE datname = '${scene.shop.name}'`;
    const before = await admin(acl);
    const args = ["backup", "restore", name, "--into", scene.shop.name];
    expect(await scene.run(args)).toMatchObject({ code: 1, stderr: expect.stringContaining("no terminal to ask at") });
    const client = await scene.shop.connect();
    const busy = await scene.run([...args, "--yes"]);
    expect(busy).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/cannot be replaced while somebody is connected to it\n {2}pid \d+, postgres/),
    });
    await client.end();
    const restored = await scene.json(...args, "--yes");
    made.push(String(restored.before));
    expect(restored).toMatchObject({
      database: scene.shop.name,
      before: expect.stringContaining(`${scene.shop.name}_before_`),
    });
    expect(await scene.shop.sql("SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 5000 }]);
    expect(await admin(acl)).toEqual(before);
    expect(await inDatabase(String(restored.before), "SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 0 }]);
    expect((await databases()).filter((one) => one.startsWith("headgate_"))).toEqual([]);
  });

  it("restores into a name with every odd character, and refuses names of no backup", async () => {
    const name = await take();
    const odd = `o'dd "näme" = \\x; --`;
    const { code, stderr } = await scene.run(["backup", "restore", name, "--into", odd]);
    made.push(odd);
    expect({ code, stderr: stderr.includes("error") }).toEqual({ code: 0, stderr: false });
    expect(await inDatabase(odd, COUNTS)).toEqual(await scene.shop.sql(COUNTS));
    for (const other of ["../../etc/passwd", "--", "20261121T190000Z-default-manual", "\u001b[2J"]) {
      const result = await scene.run(["backup", "verify", other]);
      expect(result.code).not.toBe(0);
      expect(result.stderr).not.toContain("\u001b[2J");
    }
    expect(await scene.run(["backup", "rstore"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("did you mean restore?"),
    });
    expect(await scene.run(["backup", "list", "--into", "x"])).toMatchObject({ code: 1 });
  });

  it("drops what a restore that fails had filled, and says so", async () => {
    const name = await take();
    const path = join(scene.store, `${name}.dump`);
    const bytes = readFileSync(path);
    bytes[bytes.length - 40] = (bytes.at(-40) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const before = await databases();
    expect(await scene.run(["backup", "verify"])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("its bytes are not those that were stored"),
    });
    expect(await scene.run(["backup", "restore", name])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("bad-backup: "),
    });
    expect(await databases()).toEqual(before);
  });

  it("passes over what is not its own, in any order and form", async () => {
    const name = await take();
    writeFileSync(join(scene.store, "notes.json"), "{}");
    writeFileSync(join(scene.store, "20200101T000000Z-default-manual.json"), "not JSON");
    writeFileSync(
      join(scene.store, "20200102T000000Z-default-manual.json"),
      JSON.stringify({ format: 1, name: "20200102T000000Z-default-manual" }),
    );
    writeFileSync(join(scene.store, "20200103T000000Z-default-manual.dump"), "PGDMP");
    const listed = await scene.json("backup", "list");
    expect(listed.backups).toMatchObject([{ name }]);
    expect(await scene.run(["backup", "verify"])).toMatchObject({ code: 0 });
  });

  it("says what a role lacks that may not read every table, or make databases", async () => {
    const other = await createDatabase(scene.server.url());
    await admin("CREATE ROLE reader LOGIN PASSWORD 'reader-secret'");
    await other.sql("CREATE TABLE hidden (a int); GRANT CREATE ON SCHEMA public TO reader");
    const url = new URL(other.url);
    url.username = "reader";
    url.password = "reader-secret";
    const env = { DATABASE_URL: url.href };
    const refused = await scene.run(["backup"], env);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('GRANT pg_read_all_data TO "reader"') });
    expect(refused.stderr).not.toContain("reader-secret");
    expect(scene.stored()).toEqual([]);
    await admin("GRANT pg_read_all_data TO reader");
    const { code, stdout } = await scene.run(["backup", "--json"], env);
    expect(code).toBe(0);
    const restored = await scene.run(["backup", "restore", JSON.parse(stdout).name], env);
    expect(restored).toMatchObject({ code: 5, stderr: expect.stringContaining('ALTER ROLE "reader" CREATEDB') });
    await other.drop();
    await admin("DROP ROLE reader");
  });
});
