import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRedactor } from "../../agent/lib/redact.ts";
import { loadParser, type Parse } from "../../agent/migrations/parser.ts";
import { type Client, connect } from "../../agent/postgres/client.ts";
import { urlSource } from "../../agent/postgres/sources.ts";
import { parseSettings } from "../../agent/settings/settings.ts";
import { findEndangered } from "../../agent/stages/endangered.ts";
import { downEffectsOf } from "../../agent/statements/down-effects.ts";
import { createDatabase, type Database } from "../support/database.ts";

let database: Database;
let client: Client;
let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
  database = await createDatabase();
  const connection = await urlSource(database.url, "the test", createRedactor())();
  client = await connect(connection, { applicationName: "test", timeoutMs: 10_000 });
  await database.sql(`CREATE TABLE orders (id int, note text); INSERT INTO orders SELECT n FROM generate_series(1, 30) AS n;
    CREATE TABLE archive (LIKE orders); CREATE TABLE empty (id int PRIMARY KEY); CREATE VIEW seen AS SELECT * FROM orders;
    CREATE VIEW first AS SELECT * FROM orders WHERE id = 0;
    CREATE FUNCTION purge() RETURNS SETOF orders LANGUAGE sql AS 'DELETE FROM orders RETURNING *';
    CREATE FUNCTION sweep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM orders; RETURN NEW; END';
    CREATE FUNCTION part(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 7';
    CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
    CREATE TABLE queue (id int); CREATE TRIGGER g AFTER INSERT ON queue EXECUTE FUNCTION sweep();
    CREATE TABLE stamped (id int); CREATE TRIGGER g BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION sweep();
    CREATE TABLE off (id int); CREATE TRIGGER g AFTER INSERT ON off EXECUTE FUNCTION sweep(); ALTER TABLE off DISABLE TRIGGER g;
    CREATE TABLE ruled (id int); CREATE RULE r AS ON INSERT TO ruled DO ALSO DELETE FROM orders;
    CREATE SCHEMA app; CREATE TABLE app.queue2 (id int); CREATE TRIGGER g AFTER INSERT ON app.queue2 EXECUTE FUNCTION sweep();
    CREATE TABLE parts (id int) PARTITION BY RANGE (part(id)); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
    INSERT INTO parts VALUES (1), (2); CREATE TRIGGER g AFTER UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION sweep();
    CREATE TABLE kept (id int, twice int GENERATED ALWAYS AS (half(id)) STORED); INSERT INTO kept VALUES (4);
    CREATE TABLE tmpl (a int, b text); CREATE VIEW of_tmpl AS SELECT * FROM tmpl;
    CREATE TABLE blobs (id int, "Pay load" tmpl, more of_tmpl, none tmpl); INSERT INTO blobs VALUES (1, ROW (1, 'a'), ROW (1, 'b'));
    CREATE TABLE hollow (id int) PARTITION BY LIST (id); CREATE TABLE hollow_1 PARTITION OF hollow DEFAULT`);
});
afterAll(async () => {
  await client?.close();
  await database?.drop();
});

async function endangered(sql: string, strategy: "dump" | "dump-touched" = "dump") {
  const { backup } = await parseSettings(undefined, "desk");
  const effects = () => downEffectsOf(parse({ sql, file: "002_a.sql", line: 1 }));
  const work = { migrations: [{ migration: { name: "002_a" }, effects }], back: { returns: [] } };
  return await findEndangered(client, work, { ...backup, strategy, when: "destructive" });
}

describe("a run loses something with", () => {
  it.each([
    ["INSERT INTO archive SELECT * FROM purge()", "which its text does not tell"],
    ["CREATE TABLE x AS SELECT * FROM purge()", "which its text does not tell"],
    ["INSERT INTO queue VALUES (1)", "a write to queue changes"],
    ["INSERT INTO ruled VALUES (1)", "a write to ruled changes"],
    ["INSERT INTO seen VALUES (1)", "a write to seen changes"],
    ["COPY queue FROM '/srv/rows.csv'", "a write to queue changes"],
    ["UPDATE stamped SET id = 2", "a write to stamped changes"],
    ["DELETE FROM first", "a write to first changes"],
    ["SET search_path = app; INSERT INTO queue2 VALUES (1)", "a write to queue2 changes"],
    [
      "CREATE TRIGGER h AFTER INSERT ON empty EXECUTE FUNCTION sweep(); INSERT INTO empty VALUES (1)",
      "a write to empty",
    ],
    [
      "CREATE TABLE events_all (LIKE orders) PARTITION BY LIST (id); ALTER TABLE events_all ATTACH PARTITION orders DEFAULT; DELETE FROM events_all",
      "a write to events_all changes",
    ],
    [
      `CREATE TABLE t (LIKE orders) PARTITION BY LIST (id); CREATE TABLE public.m PARTITION OF t DEFAULT PARTITION BY LIST (id);
       ALTER TABLE m ATTACH PARTITION orders DEFAULT; DELETE FROM t`,
      "a write to t changes",
    ],
    [
      "CREATE TABLE p (LIKE orders); ALTER TABLE orders INHERIT p; ALTER TABLE p RENAME TO q; DELETE FROM q",
      "a write to q",
    ],
    ["CREATE VIEW v AS SELECT * FROM orders; DELETE FROM v", "whatever stands behind v"],
    ["DROP TABLE tmpl CASCADE", "1 value of blobs.Pay load, which CASCADE takes with tmpl"],
    ["DROP TABLE tmpl CASCADE", "1 value of blobs.more"],
    ["DROP VIEW of_tmpl CASCADE", "1 value of blobs.more, which CASCADE takes with of_tmpl"],
    ["DROP FUNCTION part(int) CASCADE", "2 rows of parts, which CASCADE takes with part"],
  ])("%s", async (sql, why) => {
    expect(await endangered(sql)).toMatchObject({ why: [expect.stringContaining(why)] });
  });
});

describe("a run loses nothing with", () => {
  it.each([
    "INSERT INTO orders SELECT n, lower('A') FROM generate_series(1, 2) AS n",
    "INSERT INTO stamped VALUES (1)",
    "INSERT INTO off VALUES (1)",
    "SET search_path = app; CREATE TABLE x (id int); INSERT INTO x VALUES (1); INSERT INTO empty VALUES (1)",
    "CREATE TABLE public.x (id int); INSERT INTO x VALUES (1); UPDATE x SET id = 2; DELETE FROM x",
    "CREATE TABLE IF NOT EXISTS empty (id int); UPDATE empty SET id = 2",
    "CREATE TABLE x (id int); CREATE TRIGGER g BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION sweep(); INSERT INTO x VALUES (1)",
    "CREATE TABLE x (id int) PARTITION BY LIST (id); CREATE TABLE y PARTITION OF x DEFAULT; INSERT INTO x SELECT id FROM orders; DELETE FROM x",
    "CREATE TABLE x (id int) PARTITION BY LIST (id); CREATE TABLE y (id int); ALTER TABLE x ATTACH PARTITION y DEFAULT; UPDATE x SET id = 1",
    "CREATE TEMP TABLE x AS SELECT * FROM orders; UPDATE x SET id = 2; INSERT INTO archive SELECT * FROM x; DROP TABLE x",
    "DROP TABLE IF EXISTS none, hollow, empty CASCADE",
    "DROP FUNCTION sweep() CASCADE",
    "DROP FUNCTION half(int) CASCADE",
    "DROP VIEW seen, first CASCADE",
    "CREATE VIEW v AS SELECT purge()",
  ])("%s", async (sql) => expect(await endangered(sql)).toBeUndefined());
});

describe("dump-touched keeps", () => {
  it.each([
    ["UPDATE orders SET note = 'a' FROM queue; INSERT INTO stamped VALUES (1)", ["orders"]],
    ["ALTER TABLE orders DROP COLUMN id; INSERT INTO stamped VALUES (1)", ["orders"]],
    ["CREATE TABLE x (id int); UPDATE x SET id = 1; DELETE FROM orders; DROP TABLE IF EXISTS missing", ["orders"]],
  ])("the rows of what is touched: %s", async (sql, tables) => {
    const { touched = [] } = (await endangered(sql, "dump-touched")) ?? {};
    const rows = await database.sql(
      `SELECT oid::regclass::text AS name FROM pg_class WHERE oid IN (${touched.join()})`,
    );
    expect(rows.map(({ name }) => name)).toEqual(tables);
  });

  it.each([
    "UPDATE seen SET note = 'a'",
    "DELETE FROM orders; INSERT INTO seen VALUES (1)",
    "DELETE FROM orders; INSERT INTO ruled VALUES (1)",
    "DELETE FROM orders; INSERT INTO queue VALUES (1)",
    "DELETE FROM orders; SET search_path = app; INSERT INTO queue2 VALUES (1)",
    "DELETE FROM orders; CREATE VIEW v AS SELECT * FROM kept; DELETE FROM v",
    "DELETE FROM orders; CREATE TABLE p (LIKE kept); ALTER TABLE kept INHERIT p; DELETE FROM p",
    "DROP TABLE tmpl CASCADE",
    "UPDATE parts SET id = 3",
  ])("everything where a write may go on: %s", async (sql) =>
    expect(await endangered(sql, "dump-touched")).toEqual({ why: expect.anything(), touched: undefined }),
  );
});
