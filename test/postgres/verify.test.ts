import { describe, expect, it } from "vitest";
import { BY_HAND, IGNORED } from "./by-hand.ts";
import { useScene } from "./scene.ts";

const scene = useScene({
  "001_shop.sql": `
CREATE SCHEMA shop; CREATE SCHEMA audit;
CREATE TYPE state AS ENUM ('new', 'paid');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE SEQUENCE numbers;
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(12,2) DEFAULT 0 CONSTRAINT positive CHECK (total >= 0), note text);
CREATE INDEX orders_by_total ON orders (total);
CREATE TABLE shop.parts (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE shop.parts_2020 PARTITION OF shop.parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE audit.log (id int);
CREATE TABLE small (id int);
CREATE VIEW big_orders AS SELECT id, total FROM orders WHERE total > 100;
CREATE VIEW small_orders AS SELECT id FROM orders WHERE id < 10;
CREATE FUNCTION total_of(x int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  -- one
  -- two
  -- three
  -- four
  RETURN x + 1;
END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER kept BEFORE UPDATE ON small FOR EACH ROW EXECUTE FUNCTION keep();
CREATE POLICY own ON orders USING (total > 0);
CREATE RULE quiet AS ON DELETE TO orders DO INSTEAD NOTHING;
COMMENT ON COLUMN orders.note IS 'free text';
`,
});

const sql = async (text: string) => await scene.database.sql(text);
interface Told {
  readonly agrees: boolean;
  readonly schema: { known: boolean; why?: string; differences: { object: string; kind: string }[] };
}
async function told(): Promise<Told> {
  const { stdout } = await scene.run("verify", "--json");
  return JSON.parse(stdout);
}
const named = async () => (await told()).schema.differences.map(({ object, kind }) => `${object}: ${kind}`);

describe("headgate verify", () => {
  it("finds and names whatever was done by hand", async () => {
    await scene.run("migrate");
    expect(await told()).toMatchObject({ agrees: true, schema: { known: true, differences: [] } });
    for (const [change] of BY_HAND) await sql(change);
    expect(await named()).toEqual(BY_HAND.flatMap(([, ...lines]) => lines).sort());
    expect(await scene.run("verify")).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/error {2}schema-drifted: .*\n {2}\w/),
    });
  });

  it("shows what was and what is, and of a long definition the lines that differ", async () => {
    await scene.run("migrate");
    await sql(
      "DROP INDEX orders_by_total; ALTER TABLE orders ALTER COLUMN note TYPE varchar(9); CREATE OR REPLACE FUNCTION total_of(x int) RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  -- one\n  -- two\n  -- three\n  -- four\n  RETURN x + 2;\nEND $$",
    );
    const { stdout } = await scene.run("verify");
    const [head, ...lines] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^the schema differs from what migrate by .+ left at \d{4}-.*:$/);
    expect(lines).toEqual(
      [
        "column orders.note: different",
        "  was  text",
        "  is   character varying(9)",
        "function total_of(x integer): different",
        "    …",
        "    -- three",
        "    -- four",
        "  - RETURN x + 1;",
        "  + RETURN x + 2;",
        "    END $function$",
        "index orders_by_total: missing",
        "  - CREATE INDEX orders_by_total ON public.orders USING btree (total)",
      ].map((line) => expect.stringContaining(line.trim().replace(/^[-+] /, ""))),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}- +RETURN x \+ 1;$/));
  });

  it("ignores what drift.ignore names: a schema, an object with all it has, a pattern, or a line as it is printed", async () => {
    await scene.run("migrate");
    for (const [, change] of IGNORED) await sql(change);
    const all = await named();
    for (const [ignore, , ...lines] of IGNORED) {
      for (const line of lines) expect(all).toContain(line);
      scene.values({ drift: { ignore } });
      expect(await named()).toEqual(all.filter((line) => !lines.includes(line)));
    }
    scene.values({ drift: { ignore: IGNORED.flatMap(([ignore]) => ignore) } });
    expect(await told()).toMatchObject({ agrees: true, schema: { known: true, differences: [] } });
  });

  it("lets partitions come and go under a foreign key, in publications and by DETACH, and tells what else is done to those", async () => {
    scene.files.write({
      "002_events.sql": `CREATE TABLE events (id int, at date, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX events_by_note ON events (note);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE lines (id int, at date, FOREIGN KEY (id, at) REFERENCES events);
CREATE SCHEMA log; CREATE TABLE log.parts (id int, at date) PARTITION BY RANGE (at);
CREATE PUBLICATION pub FOR TABLE events, small; CREATE PUBLICATION log_pub FOR TABLES IN SCHEMA log;`,
    });
    await scene.run("migrate");
    await sql(`CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
      CREATE TABLE log.parts_1 PARTITION OF log.parts FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')`);
    expect(await named()).toEqual([]);
    await sql("ALTER TABLE events DETACH PARTITION events_1");
    expect(await named()).toEqual([]);
    await sql(`ALTER TABLE lines DROP CONSTRAINT lines_id_at_fkey; ALTER PUBLICATION pub DROP TABLE small;
      ALTER PUBLICATION log_pub ADD TABLES IN SCHEMA shop`);
    expect(await named()).toEqual([
      "constraint lines_id_at_fkey on lines: missing",
      "publication log_pub: different",
      "publication pub: different",
    ]);
  });

  it("tells a name with a line break in one line", async () => {
    await scene.run("migrate");
    await sql('ALTER TABLE small ADD "x\n::stop-commands::now" int');
    const { code, stdout, stderr } = await scene.run("verify");
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining('column small."x ::stop-commands') });
    expect(`${stdout}${stderr}`).not.toMatch(/^::/m);
    scene.files.write({ "002_more.sql": "CREATE TABLE more (id int);\n" });
    const migrated = await scene.run("migrate");
    expect(migrated).toMatchObject({ code: 0, stderr: expect.stringContaining('small."x ::stop-commands') });
    expect(`${migrated.stdout}${migrated.stderr}`).not.toMatch(/^::/m);
  });

  it("lets partitions come and go, and compares them where that is wanted", async () => {
    const more =
      "CREATE TABLE shop.parts_2021 PARTITION OF shop.parts FOR VALUES FROM ('2021-01-01') TO ('2022-01-01'); DROP TABLE shop.parts_2020";
    await scene.run("migrate");
    await sql(more);
    await sql("CREATE INDEX only_here ON shop.parts_2021 (id)");
    expect(await told()).toMatchObject({ agrees: true, schema: { known: true } });
    scene.values({ drift: { partitions: "compare" } });
    expect(await told()).toMatchObject({
      agrees: true,
      schema: { known: false, why: expect.stringContaining("other settings") },
    });
    expect(await scene.run("verify", "--accept", "--yes")).toMatchObject({ code: 0 });
    await sql(
      "CREATE TABLE shop.parts_2022 PARTITION OF shop.parts FOR VALUES FROM ('2022-01-01') TO ('2023-01-01'); DROP INDEX shop.only_here",
    );
    expect(await named()).toEqual(["index shop.only_here: missing", "table shop.parts_2022: added"]);
  });

  it("looks at nothing that a platform or an extension keeps there", async () => {
    await scene.run("migrate");
    await sql(
      "CREATE SCHEMA _timescaledb_internal; CREATE TABLE _timescaledb_internal.chunk (id int); CREATE SCHEMA cron; CREATE TABLE cron.mine (id int)",
    );
    // Without the extension pg_cron, cron is a schema like any other.
    expect(await named()).toEqual(["schema cron: added", "table cron.mine: added"]);
    const { stdout } = await scene.run("verify", "--list-ignored");
    expect(stdout).toContain("pg_cron, where there is the extension pg_cron\n  schemas: cron\n");
  });

  it("tells a setting of an application's own, which may be secret, by a digest", async () => {
    await scene.run("migrate");
    await sql(`ALTER DATABASE ${scene.database.name} SET app.jwt_secret = 'hunter2-hunter2'`);
    await sql(`ALTER DATABASE ${scene.database.name} SET work_mem = '5MB'`);
    const { code, stdout, stderr } = await scene.run("verify");
    expect(code).toBe(3);
    expect(stdout).toContain("setting of the database app.jwt_secret: added");
    expect(stdout).toContain("work_mem=5MB");
    expect(`${stdout}${stderr}`).not.toContain("hunter2");
  });

  it("works with a role that may only read, and says what it wants where it may not", async () => {
    await scene.run("migrate");
    const role = `reader_${scene.database.name}`;
    await sql(
      `CREATE ROLE ${role} LOGIN PASSWORD 'reader'; GRANT USAGE ON SCHEMA headgate TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA headgate TO ${role}; GRANT SELECT ON pgmigrations TO ${role}`,
    );
    const url = new URL(scene.database.url);
    Object.assign(url, { username: role, password: "reader" });
    try {
      await sql("DROP INDEX orders_by_total");
      expect(await scene.runAs(url.href, "verify")).toMatchObject({
        code: 3,
        stdout: expect.stringContaining("orders_by_total: missing"),
      });
      await sql(`REVOKE SELECT ON headgate.fingerprint FROM ${role}`);
      expect(await scene.runAs(url.href, "verify")).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('this role may not read "headgate".fingerprint: GRANT SELECT'),
      });
    } finally {
      await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it("before the first run says that nothing is known", async () => {
    expect(await scene.run("verify")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("no run has recorded the schema yet"),
    });
  });

  it("tells of files, history and schema in one go", async () => {
    await scene.run("migrate");
    await sql("DROP INDEX orders_by_total");
    scene.files.write({ "002_next.sql": "SELECT 1;\n" });
    expect(await scene.run("verify")).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /history-differs: [\s\S]*002_next: not applied\n {2}index orders_by_total: missing/,
      ),
    });
  });
});

describe("headgate verify over a fleet", () => {
  it("compares each schema with what was left in it, and nothing else", async () => {
    scene.files.write({ "001_shop.sql": "CREATE TABLE orders (id int);\n" });
    await sql("CREATE SCHEMA north; CREATE SCHEMA south; CREATE TABLE public.other (id int)");
    scene.values({ fleet: { schemas: ["north", "south"] } });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await sql("SELECT target, whole FROM headgate.fingerprint ORDER BY 1")).toEqual([
      { target: "default/north", whole: false },
      { target: "default/south", whole: false },
    ]);
    await sql("DROP TABLE public.other; ALTER TABLE south.orders ADD COLUMN hotfix int");
    const { code, stdout, stderr } = await scene.run("verify");
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringMatching(
        /^south differs from what migrate by .*\ncolumn south\.orders\.hotfix: added\n {2}\+ integer\n$/,
      ),
    });
    expect(stderr).toContain("south: column south.orders.hotfix: added");
    expect(await scene.run("verify", "--schema", "north")).toMatchObject({ code: 0 });
    expect(await scene.run("verify", "--accept", "--yes")).toMatchObject({ code: 1 });
    expect(await scene.run("verify", "--schema", "south", "--accept", "--yes")).toMatchObject({ code: 0 });
    expect(await scene.json("verify")).toMatchObject({
      agrees: true,
      schemas: [{ schema: "north" }, { schema: "south" }],
    });
  });
});
