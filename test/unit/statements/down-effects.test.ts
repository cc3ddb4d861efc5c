import { beforeAll, describe, expect, it } from "vitest";
import { loadParser, type Parse } from "../../../agent/migrations/parser.ts";
import type { DownEffect } from "../../../agent/migrations/types.ts";
import { downEffectsOf } from "../../../agent/statements/down-effects.ts";

let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
});

const effects = (sql: string) => downEffectsOf(parse({ sql, file: "001_a.sql", line: 1 }));

const table = (name: string): DownEffect => ({ kind: "table", table: name });
const rows = (name: string): DownEffect => ({ kind: "rows", table: name });
const column = (of: string, name: string): DownEffect => ({ kind: "column", table: of, column: name });
const rename = (of: string, to: string): DownEffect => ({ kind: "rename", table: of, to });
const unknown = (what: string): DownEffect => ({ kind: "unknown", what });

const adds = (name: string): DownEffect => ({ kind: "adds", table: name });
const made = (name: string): DownEffect => ({ kind: "made", table: name });
const tied = (name: string, more: { adds: boolean; to?: string }): DownEffect => ({
  kind: "tied",
  table: name,
  ...more,
});
const cascade = (of: "relation" | "function", name: string): DownEffect => ({ kind: "cascade", of, name });

describe("the effects are those of", () => {
  it.each<[sql: string, expected: readonly DownEffect[]]>([
    ["DROP TABLE a, shop.b", [table("a"), table("shop.b")]],
    [
      "DROP TABLE IF EXISTS a, s.b CASCADE",
      [table("a"), table("s.b"), cascade("relation", "a"), cascade("relation", "s.b")],
    ],
    ["DROP VIEW v CASCADE", [cascade("relation", "v")]],
    ["DROP FUNCTION s.f(int), g CASCADE", [cascade("function", "s.f"), cascade("function", "g")]],
    ["DROP AGGREGATE a(int) CASCADE", [cascade("function", "a")]],
    [
      'DROP TABLE "Orders", "a.b"."c""d", größe, "user", _x1, "1x"',
      [table('"Orders"'), table('"a.b"."c""d"'), table('"größe"'), table('"user"'), table("_x1"), table('"1x"')],
    ],
    ["ALTER TABLE t DROP COLUMN c", [column("t", "c")]],
    ['ALTER TABLE "T" DROP COLUMN "C ""d""", DROP IF EXISTS e', [column('"T"', 'C "d"'), column('"T"', "e")]],
    ["ALTER TABLE s.t ALTER c TYPE int USING c::int, ALTER d DROP DEFAULT", [column("s.t", "c")]],
    ["ALTER TABLE t RENAME TO u", [rename("t", "u")]],
    ['ALTER TABLE s.t RENAME TO "U"', [rename("s.t", 's."U"')]],
    ["ALTER TABLE t SET SCHEMA s", [rename("t", "s.t")]],
    ['ALTER TABLE s."T" SET SCHEMA "Z"', [rename('s."T"', '"Z"."T"')]],
    ["ALTER VIEW v RENAME TO w", [rename("v", "w")]],
    ['ALTER TABLE s.t RENAME COLUMN "A" TO "order"', [{ kind: "rename", table: "s.t", column: "A", to: "order" }]],
    ["DELETE FROM s.t WHERE id = 1", [rows("s.t")]],
    ["UPDATE ONLY t SET c = 1", [rows("t")]],
    ["MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", [rows("t")]],
    ["TRUNCATE a, s.b", [rows("a"), rows("s.b")]],
    ["TRUNCATE a CASCADE", [rows("a"), unknown("TRUNCATE a CASCADE")]],
    ["INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET c = 2", [rows("t")]],
    ["WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM x", [adds("u"), rows("t")]],
    ["INSERT INTO t VALUES (1)", [adds("t")]],
    [
      "INSERT INTO t VALUES (gen_random_uuid(), uuid_generate_v4(), crypt('a', gen_salt('bf'))) ON CONFLICT DO NOTHING",
      [adds("t")],
    ],
    ["COPY s.t FROM '/srv/rows.csv'", [adds("s.t")]],
    ["CREATE TEMP TABLE IF NOT EXISTS x (id int); CREATE INDEX ON x (id)", [made("x")]],
    ["SELECT 1 AS a INTO s.x", [made("s.x")]],
    ["CREATE TABLE p PARTITION OF s.t DEFAULT", [made("p"), tied("s.t", { adds: true, to: "p" })]],
    ["CREATE TABLE c () INHERITS (t)", [made("c"), tied("t", { adds: false, to: "c" })]],
    ["ALTER TABLE c INHERIT t", [tied("t", { adds: false, to: "c" })]],
    ["ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)", [tied("t", { adds: true, to: "p" })]],
    ["CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()", [tied("t", { adds: false })]],
    ["CREATE TRIGGER g AFTER INSERT OR DELETE ON s.t EXECUTE FUNCTION f()", [tied("s.t", { adds: true })]],
    ["CREATE RULE u AS ON DELETE TO t DO INSTEAD UPDATE t SET c = 1", [tied("t", { adds: false })]],
    ["CREATE RULE u AS ON INSERT TO t DO ALSO DELETE FROM o", [tied("t", { adds: true })]],
    ["INSERT INTO t SELECT * FROM purge()", [adds("t"), unknown("INSERT INTO t SELECT * FROM purge()")]],
    ["CREATE TABLE x AS SELECT * FROM purge()", [made("x"), unknown("CREATE TABLE x AS SELECT * FROM purge()")]],
    ["DELETE FROM t WHERE purge(id)", [rows("t"), unknown("DELETE FROM t WHERE purge(id)")]],
    ["UPDATE t SET c = purge(c)", [rows("t"), unknown("UPDATE t SET c = purge(c)")]],
    ["COPY (SELECT purge()) TO '/srv/t'", [unknown("COPY (SELECT purge()) TO '/srv/t'")]],
    ["CREATE TABLE x AS EXECUTE y", [made("x"), unknown("CREATE TABLE x AS EXECUTE y")]],
    ["COPY t FROM PROGRAM 'cat'", [adds("t"), unknown("COPY t FROM PROGRAM 'cat'")]],
    ["WITH x AS (DELETE FROM a RETURNING *) UPDATE b SET c = 1 FROM x", [rows("b"), rows("a")]],
    ["WITH x AS (UPDATE t SET c = 1 RETURNING *) SELECT count(*) FROM x", [rows("t")]],
    [
      "WITH x AS (DELETE FROM t RETURNING id) SELECT f(id) FROM x",
      [rows("t"), unknown("WITH x AS (DELETE FROM t RETURNING id) SELECT f(id) FROM x")],
    ],
    ["CREATE TABLE x AS WITH y AS (DELETE FROM t RETURNING *) SELECT * FROM y", [rows("t"), made("x")]],
    ["COPY (DELETE FROM t RETURNING *) TO '/srv/t'", [rows("t")]],
    [
      "ALTER TABLE t RENAME TO old; CREATE TABLE t (id int); INSERT INTO t SELECT id FROM old; DROP TABLE old",
      [rename("t", "old"), made("t"), adds("t"), table("old")],
    ],
    ["DELETE FROM b; ALTER TABLE b DROP COLUMN c; DROP TABLE a", [rows("b"), column("b", "c"), table("a")]],
  ])("%s", (sql, expected) => expect(effects(sql)).toEqual(expected));
});

describe("nothing is lost by", () => {
  it.each([
    "-- nothing",
    "DROP MATERIALIZED VIEW v",
    "DROP TRIGGER g ON t CASCADE",
    "CREATE VIEW v AS SELECT f(c) FROM t",
    "DROP INDEX CONCURRENTLY i",
    "DROP FUNCTION f(int)",
    "DROP TRIGGER g ON t",
    "DROP POLICY p ON t",
    "DROP RULE u ON t",
    "DROP SEQUENCE q",
    "DROP STATISTICS s",
    "DROP TYPE e",
    "DROP DOMAIN d RESTRICT",
    "DROP SCHEMA s",
    "DROP EXTENSION citext",
    "ALTER TABLE t DROP CONSTRAINT k, ALTER c DROP DEFAULT, ALTER c DROP NOT NULL, DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE t ADD COLUMN c int, ALTER c SET NOT NULL",
    "ALTER TABLE t DETACH PARTITION p",
    "ALTER TABLE t RENAME CONSTRAINT k TO l",
    "ALTER INDEX i RENAME TO j",
    "ALTER TYPE e RENAME VALUE 'a' TO 'b'",
    "ALTER TYPE c ADD ATTRIBUTE a int",
    "ALTER FUNCTION f() SET SCHEMA s",
    "ALTER FOREIGN TABLE t DROP COLUMN c",
    "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM t; END",
    "COMMENT ON TABLE t IS NULL; GRANT SELECT ON t TO x; REVOKE SELECT ON t FROM x",
    "SET LOCAL lock_timeout = '2s'; SET ROLE x; RESET ROLE",
    "SELECT setval('q', 1, false), pg_catalog.set_config('a.b', 'c', true)",
    "COPY t TO '/srv/rows.csv'",
  ])("%s", (sql) => expect(effects(sql)).toEqual([]));
});

describe("nobody can tell what is lost by", () => {
  it.each([
    "DROP TYPE e CASCADE",
    "DROP DOMAIN d CASCADE",
    "DROP SCHEMA s CASCADE",
    "DROP EXTENSION citext CASCADE",
    "DROP COLLATION c CASCADE",
    "DROP OWNED BY x",
    "DROP DATABASE d",
    "DO $$ BEGIN DELETE FROM t; END $$",
    "CALL p()",
    "EXECUTE x",
    "SELECT my_function()",
    "SELECT shop.setval('q', 1)",
    "SELECT * FROM shop.purge(1)",
    "COPY t TO PROGRAM 'cat'",
    "ALTER TYPE c DROP ATTRIBUTE a",
    "ALTER SCHEMA s RENAME TO z",
    "ALTER EXTENSION citext UPDATE",
    "EXPLAIN ANALYZE DELETE FROM t",
  ])("%s", (sql) => expect(effects(sql)).toEqual([unknown(sql)]));

  it("a long one, whose head is one line without the comments before it", () => {
    const [effect] = effects(`-- why\n/* and\nmore */ DO $$\n\tBEGIN\n  PERFORM '${"é😀".repeat(60)}';\nEND $$`);
    const what = effect?.kind === "unknown" ? effect.what : "";
    expect(what).toMatch(/^DO \$\$ BEGIN PERFORM 'é😀.*…$/u);
    expect([...what].length).toBe(80);
  });
});

it("after a change of search_path rows are added in a schema that the text does not tell", () => {
  expect(
    effects("SET search_path = a; CREATE TABLE x (); INSERT INTO x VALUES (1); INSERT INTO a.x VALUES (1)"),
  ).toEqual([made("x"), { ...adds("x"), anywhere: true }, adds("a.x")]);
});

describe("after a change of search_path a bare name means another table", () => {
  it.each(["SET search_path = a, b", "SELECT pg_catalog.set_config('search_path', '', false)"])("%s", (move) => {
    expect(effects(`DROP TABLE t; ${move}; DROP TABLE t; DELETE FROM "a.b"; DROP TABLE s.t`)).toEqual([
      table("t"),
      unknown("DROP TABLE t"),
      unknown('DELETE FROM "a.b"'),
      table("s.t"),
    ]);
  });
});
