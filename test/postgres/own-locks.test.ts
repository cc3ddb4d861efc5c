import { describe, expect, it } from "vitest";
import { loadParser } from "../../agent/migrations/parser.ts";
import { locksOnlyItsOwn } from "../../agent/statements/own-locks.ts";
import { useScene } from "./scene.ts";

const scene = useScene({});

const THERE = `CREATE TABLE orders (id int PRIMARY KEY, note text);
CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE loose (id int, at date);
CREATE SCHEMA other; CREATE TABLE other.fresh (id int);
CREATE FUNCTION touch() RETURNS int LANGUAGE sql AS 'UPDATE orders SET note = note RETURNING 1';
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM touch(); RETURN NEW; END';
CREATE VIEW seen AS SELECT touch(); CREATE TABLE meters (id int DEFAULT touch())`;

const own: readonly string[] = [
  "CREATE TABLE fresh (id bigint PRIMARY KEY, name text UNIQUE); CREATE INDEX ON fresh (name)",
  "CREATE TABLE fresh (id int PRIMARY KEY, up int REFERENCES fresh); COMMENT ON TABLE fresh IS 'new'",
  "CREATE TABLE fresh (id int); ALTER TABLE fresh ADD name text DEFAULT now()::text; INSERT INTO fresh VALUES (1)",
  "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE fresh (id int) PARTITION BY LIST (id); CREATE TABLE f1 PARTITION OF fresh DEFAULT",
  "CREATE TABLE other.newer (id int); SET search_path = other; CREATE INDEX ON other.newer (id)",
  "CREATE TABLE fresh (id int); ALTER TABLE fresh ADD CHECK (id > 0); ALTER TABLE fresh ALTER id TYPE bigint",
];

const others: readonly string[] = [
  "ALTER TABLE orders ADD total int",
  "CREATE INDEX ON orders (note)",
  "CREATE TABLE fresh (id int REFERENCES orders)",
  "CREATE TABLE fresh (id int); ALTER TABLE fresh ADD FOREIGN KEY (id) REFERENCES orders",
  "CREATE TABLE fresh PARTITION OF parts DEFAULT",
  "CREATE TABLE fresh () INHERITS (orders)",
  "ALTER TABLE parts ATTACH PARTITION loose DEFAULT",
  "CREATE TABLE IF NOT EXISTS orders (id int); CREATE INDEX ON orders (id)",
  "CREATE TABLE fresh (id int); INSERT INTO orders VALUES (1)",
  "CREATE TABLE fresh (id int DEFAULT touch()); INSERT INTO fresh DEFAULT VALUES",
  "CREATE TABLE fresh (id int); INSERT INTO fresh VALUES (1); ALTER TABLE fresh ADD more int DEFAULT touch()",
  "CREATE TABLE fresh (id int); CREATE TRIGGER t AFTER INSERT ON fresh FOR EACH ROW EXECUTE FUNCTION touched(); INSERT INTO fresh VALUES (1)",
  "CREATE TABLE fresh (LIKE meters INCLUDING ALL); INSERT INTO fresh DEFAULT VALUES",
  "CREATE TABLE fresh (id int); INSERT INTO fresh SELECT * FROM seen",
  "CREATE TABLE fresh (id int); WITH gone AS (DELETE FROM orders RETURNING id) INSERT INTO fresh SELECT id FROM gone",
  "DO $$ BEGIN UPDATE orders SET note = note; END $$",
  "CREATE TABLE public.fresh (id int); SET search_path = other; CREATE INDEX ON fresh (id)",
  "COMMENT ON TABLE orders IS 'old'",
];

/** What it locks of the tables that were there, asked while it is still open. */
async function locked(sql: string): Promise<unknown[]> {
  const client = await scene.database.connect();
  await client.query(`${THERE}; CREATE TEMP TABLE there AS SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'm')`);
  await client.query(`BEGIN; ${sql}`);
  const { rows } = await client.query(`SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = pg_backend_pid()
    AND relation IN (SELECT oid FROM there) AND relation >= 16384 AND mode NOT IN ('AccessShareLock', 'RowShareLock')`);
  return rows;
}

it("nobody looks for the locks of a migration that makes all it locks: none are on record", async () => {
  scene.files.write({ "001_a.sql": "CREATE TABLE orders (id int);", "002_b.sql": "ALTER TABLE orders ADD total int;" });
  for (const args of [["compile"], ["migrate"]]) expect(await scene.run(...args)).toMatchObject({ code: 0 });
  expect(await scene.database.sql("SELECT name, locks FROM headgate.history ORDER BY name")).toEqual([
    { name: "001_a", locks: [] },
    { name: "002_b", locks: expect.arrayContaining([{ mode: "AccessExclusiveLock", relation: "orders" }]) },
  ]);
});

describe("a text that locks only what it makes", () => {
  it.each(own)("%s", async (sql) => {
    const parse = await loadParser();
    expect(locksOnlyItsOwn(parse({ sql, file: "a.sql", line: 1 }))).toBe(true);
    expect(await locked(sql)).toEqual([]);
  });
});

describe("a text that locks what is there", () => {
  it.each(others)("%s", async (sql) => {
    const parse = await loadParser();
    expect(locksOnlyItsOwn(parse({ sql, file: "a.sql", line: 1 }))).toBe(false);
    expect(await locked(sql)).not.toEqual([]);
  });
});
