import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { pieces } from "../../agent/postgres/dump-text.ts";
import { CANARY } from "../support/canary.ts";
import { createDatabase, type Database } from "../support/database.ts";
import { type Server, startServer } from "../support/embedded-postgres.ts";
import { headgate } from "../support/headgate.ts";
import { installedPostgres } from "../support/installed-postgres.ts";
import { DUMP } from "./state-dump.ts";
import { both, PENDING, useStates, withoutTimes } from "./states.ts";

const scene = useStates();

describe("a rehearsal on a dump", () => {
  const dump = (text: string): string => {
    scene.desk.write({ "state.sql": text });
    return join(scene.desk.path, "state.sql");
  };
  beforeEach(() => scene.files.write(PENDING));

  it("in plain SQL begins with what it has applied, and makes its roles on a server of its own", async () => {
    scene.files.write({
      "004_owner.sql": both(
        `DO $$ BEGIN ASSERT (SELECT relowner::regrole::text FROM pg_class WHERE relname = 'orders') = '"shop owner"'; ASSERT total(3) = 1; END $$;`,
        "SELECT 1;",
      ),
    });
    const path = dump(DUMP);
    const { code, stdout, stderr } = await scene.onOwn({}, path);
    expect(withoutTimes(stdout)).toEqual([
      `${path} has 1 applied: 001_orders`,
      "002_city       up N, down undoes it, up again",
      "003_note       up N, down undoes it, up again",
      "004_owner      up N, down undoes it, up again",
      "the whole set  all down, all up again",
      "lint: 1 high, 1 medium (headgate lint FILE... shows them)",
    ]);
    expect(stderr).toContain("left out of the rehearsal, for it is another server's: CREATE SUBSCRIPTION elsewhere");
    expect({ code, left: readdirSync(scene.desk.path) }).toEqual({ code: 0, left: ["state.sql"] });
  });

  it("tells all roles and extensions together that a given server lacks", async () => {
    const path = dump(`${DUMP}CREATE EXTENSION IF NOT EXISTS no_such_thing WITH SCHEMA public;\n`);
    const { code, stderr } = await scene.rehearse({ HEADGATE_REHEARSAL_URL: inject("adminUrl") }, path);
    expect(stderr).toContain("the extensions no_such_thing; the roles reporting_nobody, shop owner");
    expect(stderr).toContain("install the extensions on that server");
    expect(stderr).toContain('CREATE ROLE "reporting_nobody" NOLOGIN; CREATE ROLE "shop owner" NOLOGIN;');
    expect(code).toBe(1);
  });

  it("with COPY is refused, with the options that help; so is what only psql obeys, and what the server refuses", async () => {
    const env = { HEADGATE_REHEARSAL_URL: inject("adminUrl") };
    const copied = await scene.rehearse(env, dump("SET a.b = 1;\n\nCOPY public.orders (id) FROM stdin;\n1\n\\.\n"));
    expect(copied.stderr).toContain("state.sql:3: rows stand there as COPY ... FROM stdin");
    expect(copied.stderr).toContain(
      `pg_dump --data-only --inserts --table='"headgate".*' --table='"public"."pgmigrations"' >> state.sql`,
    );
    expect(copied.code).toBe(1);
    const created = await scene.rehearse(env, dump("CREATE DATABASE shop;\n\\connect shop\n"));
    expect(created).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("state.sql:2: \\connect shop is a command"),
    });
    const wrong = await scene.rehearse(env, dump("SELECT 1;\n\n-- a comment; only\nSELECT\n  nobody;\n"));
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('state.sql:4: column "nobody" does not exist'),
    });
    const latin = await scene.rehearse(env, dump("SET client_encoding = 'LATIN1';\n"));
    expect(latin).toMatchObject({ code: 1, stderr: expect.stringContaining("it is written in LATIN1") });
    const none = await scene.rehearse(env, join(scene.desk.path, "none.sql"));
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no such file") });
  });

  it("that has Headgate's tables and not their rows is refused", async () => {
    const env = { HEADGATE_REHEARSAL_URL: inject("adminUrl") };
    const path = dump(
      "CREATE SCHEMA headgate;\nCREATE TABLE headgate.meta (only_row boolean, schema_version integer);\n",
    );
    const { code, stderr } = await scene.rehearse(env, path);
    expect(stderr).toContain("has Headgate's tables without their rows, so nothing says what is applied");
    expect(code).toBe(1);
  });
});

describe("a dump", () => {
  async function split(text: string, size: number) {
    const bytes = Buffer.from(text);
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    const found: string[] = [];
    for await (const { kind, text: piece, line } of pieces(chunks()))
      found.push(`${line} ${kind} ${piece.split("\n")[0]} ${piece.split("\n").length}`);
    return found;
  }

  it.each([1, 7, 100_000])("is split where its statements end, read %d bytes at a time", async (size) => {
    const heads = (await split(DUMP.replace("it's;", "ünd;"), size)).filter((one) => !/ sql (SET|SELECT) /.test(one));
    expect(heads).toEqual([
      "18 sql CREATE FUNCTION public.total(n integer) RETURNS integer 5",
      '25 sql ALTER FUNCTION public.total(n integer) OWNER TO "shop owner"; 1',
      "27 sql CREATE FUNCTION public.touch() RETURNS trigger 8",
      "38 sql CREATE TABLE public.orders ( 5",
      '45 sql ALTER TABLE public.orders OWNER TO "shop owner"; 1',
      "47 sql CREATE RULE quiet AS 4",
      "52 sql COMMENT ON TABLE public.orders IS 'it''s 3",
      "56 sql CREATE TABLE public.pgmigrations ( 5",
      "62 sql CREATE SEQUENCE public.pgmigrations_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1; 1",
      "64 sql ALTER SEQUENCE public.pgmigrations_id_seq OWNED BY public.pgmigrations.id; 1",
      "66 sql ALTER TABLE ONLY public.pgmigrations ALTER COLUMN id SET DEFAULT nextval('public.pgmigrations_id_seq'::regclass); 1",
      "68 sql INSERT INTO public.pgmigrations VALUES (1, '001_orders', '2025-01-01 00:00:00'); 1",
      "72 sql GRANT SELECT ON TABLE public.orders TO reporting_nobody; 1",
      expect.stringMatching(/^74 sql CREATE SUBSCRIPTION elsewhere .* 1$/),
    ]);
  });
});

describe("by the programs of a PostgreSQL that is installed, a rehearsal", () => {
  let bin: string;
  let server: Server;
  let shop: Database;
  let env: Record<string, string>;
  beforeAll(async () => {
    bin = installedPostgres();
    process.env.HEADGATE_TEST_POSTGRES_BIN = bin;
    server = await startServer({ settings: ["fsync = off"], password: CANARY }).finally(() => {
      delete process.env.HEADGATE_TEST_POSTGRES_BIN;
    });
  });
  afterAll(async () => await server?.remove());
  beforeEach(async () => {
    shop = await createDatabase(server.url());
    env = { DATABASE_URL: shop.url, PATH: `${bin}:${process.env.PATH}` };
    expect(await headgate(["migrate", "--dir", scene.files.path], env)).toMatchObject({ code: 0 });
    await shop.sql(`CREATE ROLE "shop owner"; ALTER TABLE orders OWNER TO "shop owner";
      INSERT INTO orders (note) VALUES (NULL); ALTER DATABASE ${shop.name} SET app.tenant = 'x'`);
    scene.files.write(PENDING);
    scene.files.write({
      "004_tenant.sql": both("DO $$ BEGIN ASSERT current_setting('app.tenant') = 'x'; END $$;", "SELECT 1;"),
    });
  });
  afterEach(async () => {
    await shop.sql(`ALTER TABLE orders OWNER TO postgres; DROP ROLE "shop owner"`);
    await shop.drop();
  });

  it("takes the schema of another server's database, and what is applied there, while it is in use", async () => {
    const used = await shop.connect();
    const { code, stdout, stderr } = await scene.onOwn(env, "database");
    expect(withoutTimes(stdout)).toEqual([
      `${shop.name} has 1 applied: 001_orders`,
      "002_city       up N, down undoes it, up again",
      // Its rows are not there.
      "003_note       up N, down undoes it, up again",
      "004_tenant     up N, down undoes it, up again",
      "the whole set  all down, all up again",
      "lint: 1 high, 1 medium (headgate lint FILE... shows them)",
    ]);
    expect(stderr).toContain(`reading the schema of ${shop.name} with pg_dump, and what is applied; no other rows`);
    expect({ code, left: readdirSync(scene.desk.path) }).toEqual({ code: 0, left: [] });
    await used.end();
  });

  it("takes a custom dump through pg_restore, with its rows", async () => {
    rmSync(join(scene.files.path, "004_tenant.sql"));
    const path = join(scene.desk.path, "state.dump");
    const dump = (...args: readonly string[]) =>
      execFileSync(join(bin, "pg_dump"), ["--format=custom", `--file=${path}`, ...args, shop.url]);
    dump();
    const copied = await scene.onOwn(env, path);
    expect(copied).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("rows stand there as COPY ... FROM stdin"),
    });
    dump("--inserts");
    const { code, stdout, stderr } = await scene.onOwn(env, path);
    expect(stdout).toContain(`${path} has 1 applied: 001_orders`);
    expect(stdout).toMatch(/003_note +CANNOT BE APPLIED\n.*column "note" of relation "orders" contains null values/);
    expect(code).toBe(3);
    expect(stderr).not.toContain("s3cret");
  });
});
