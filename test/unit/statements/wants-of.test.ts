import { beforeAll, describe, expect, it } from "vitest";
import { loadParser, type Parse } from "../../../agent/migrations/parser.ts";
import { wantsOf } from "../../../agent/statements/wants-of.ts";

let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
});

const wants = (sql: string) => wantsOf(parse({ sql, file: "001_x.sql", line: 1 }));

/** Names of what has to be owned, with the schema where one is given. */
const owned = (sql: string) =>
  wants(sql).relations.map(({ name, schema }) => (schema === undefined ? name : `${schema}.${name}`));

describe("what only an owner may do", () => {
  it.each([
    ["ALTER TABLE orders ADD COLUMN total int", ["orders"]],
    ["ALTER TABLE shop.orders RENAME COLUMN a TO b", ["shop.orders"]],
    ["CREATE INDEX CONCURRENTLY i ON orders (a)", ["orders"]],
    ["DROP TABLE a, shop.b", ["a", "shop.b"]],
    ["DROP INDEX i", ["i"]],
    ["ALTER TABLE events ATTACH PARTITION events_1 DEFAULT", ["events", "events_1"]],
    ["CREATE TABLE events_1 PARTITION OF events DEFAULT", ["events"]],
    ["CREATE OR REPLACE VIEW v AS SELECT 1", ["v"]],
    ["ALTER TYPE mood ADD ATTRIBUTE a int", []],
    ["CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION f()", []],
    ["INSERT INTO orders VALUES (1); GRANT SELECT ON orders TO reader", []],
  ])("%s", (sql, tables) => {
    expect(owned(sql)).toEqual(tables);
  });

  it("is not asked of what the same file makes, renames or drops first", () => {
    expect(owned("CREATE TABLE a (x int); ALTER TABLE a ADD y int; CREATE INDEX ON a (y)")).toEqual([]);
    expect(owned("ALTER TABLE a RENAME TO b; ALTER TABLE b ADD y int")).toEqual(["a"]);
    expect(wants("ALTER TABLE a RENAME TO b; DROP TABLE c").settled).toEqual(["a", "b", "c"]);
  });

  it("is asked once a relation, at the line where it is met first, and a DROP for itself", () => {
    expect(wants("ALTER TABLE a ADD x int;\nALTER TABLE a ADD y int;\nDROP TABLE a").relations).toEqual([
      { name: "a", line: 1 },
      { name: "a", line: 3, drops: true },
    ]);
  });

  it("cannot be told after what may change role, owner or path", () => {
    expect(owned("SET ROLE owner; ALTER TABLE a ADD x int")).toEqual([]);
    expect(owned("SET search_path = shop; ALTER TABLE a ADD x int; ALTER TABLE shop.b ADD x int")).toEqual(["shop.b"]);
    for (const first of ["GRANT owner TO me", "DO $$ BEGIN END $$", "ALTER TABLE b OWNER TO me", "SELECT grant_all()"])
      expect(wants(`${first}; ALTER TABLE a ADD x int`), first).toMatchObject({ reshuffles: true });
    expect(owned("ALTER TABLE b OWNER TO me; ALTER TABLE a ADD x int")).toEqual(["b"]);
  });
});

it("which extensions are wanted, in which version, and whether they may be there", () => {
  expect(wants("CREATE EXTENSION a;\nCREATE EXTENSION IF NOT EXISTS b WITH SCHEMA s VERSION '1.2'").extensions).toEqual(
    [
      { name: "a", line: 1 },
      { name: "b", version: "1.2", mayBeThere: true, line: 2 },
    ],
  );
});

it("is JSON: a manifest keeps it", () => {
  const all = wants("CREATE EXTENSION a; DROP TABLE b; CREATE TABLE c (x int)");
  expect(JSON.parse(JSON.stringify(all))).toEqual(all);
});
