import { describe, expect, it } from "vitest";
import { strongest } from "../../../agent/statements/locks.ts";
import { trackMade } from "../../../agent/statements/made.ts";
import { useFacts } from "./facts.ts";

const { parse, factOf } = useFacts();

/** Statements of the lock matrix, which was measured, by the lock that each takes on `t`. */
const matrix: Readonly<Record<string, readonly string[]>> = {
  "ACCESS EXCLUSIVE": [
    "ALTER TABLE t ADD COLUMN c int",
    "ALTER TABLE t ADD COLUMN c timestamptz NOT NULL DEFAULT now()",
    "ALTER TABLE t ADD COLUMN c int CHECK (c > 0)",
    "ALTER TABLE t ADD COLUMN c int UNIQUE",
    "ALTER TABLE t ADD COLUMN c int REFERENCES r",
    "ALTER TABLE t DROP COLUMN c",
    "ALTER TABLE t RENAME COLUMN c TO d",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE t ALTER c SET DEFAULT 1",
    "ALTER TABLE t ALTER c DROP DEFAULT",
    "ALTER TABLE t ALTER c SET NOT NULL",
    "ALTER TABLE t ALTER c DROP NOT NULL",
    "ALTER TABLE t ALTER c TYPE bigint",
    "ALTER TABLE t ALTER c SET STORAGE MAIN",
    "ALTER TABLE t OWNER TO o",
    "ALTER TABLE t SET SCHEMA s",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE t REPLICA IDENTITY FULL",
    "ALTER TABLE t ADD CHECK (c > 0)",
    "ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NOT VALID",
    "ALTER TABLE t ADD UNIQUE (c)",
    "ALTER TABLE t ADD UNIQUE USING INDEX i",
    "ALTER TABLE t ADD EXCLUDE USING gist (c WITH =)",
    "ALTER TABLE t DROP CONSTRAINT k",
    "ALTER TABLE t DETACH PARTITION p",
    "CREATE POLICY p ON t",
    "CREATE RULE u AS ON DELETE TO t DO INSTEAD NOTHING",
    "DROP TRIGGER g ON t",
    "DROP TABLE t",
    "TRUNCATE t",
    "CLUSTER t USING i",
    "VACUUM FULL t",
    "LOCK TABLE t",
    "REFRESH MATERIALIZED VIEW t",
    "CREATE TABLE p PARTITION OF t FOR VALUES IN (1)",
    "VACUUM (FULL, ANALYZE) t",
  ],
  EXCLUSIVE: ["REFRESH MATERIALIZED VIEW CONCURRENTLY t", "LOCK TABLE t IN EXCLUSIVE MODE"],
  "SHARE ROW EXCLUSIVE": [
    "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES r",
    "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (c) REFERENCES r NOT VALID",
    "CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()",
    "ALTER TABLE t DISABLE TRIGGER ALL",
    "CREATE TABLE x (c int REFERENCES t)",
    "CREATE TABLE x (c int, x int REFERENCES x, FOREIGN KEY (c) REFERENCES t)",
  ],
  SHARE: ["CREATE INDEX ON t (c)", "CREATE UNIQUE INDEX i ON t (c)", "REINDEX TABLE t"],
  "SHARE UPDATE EXCLUSIVE": [
    "CREATE INDEX CONCURRENTLY i ON t (c)",
    "ALTER TABLE t VALIDATE CONSTRAINT k",
    "ALTER TABLE t SET (fillfactor = 70)",
    "ALTER TABLE t ALTER c SET STATISTICS 500",
    "ALTER TABLE t CLUSTER ON i",
    "ANALYZE t",
    "VACUUM t",
    "CREATE STATISTICS s ON a, b FROM t",
    "COMMENT ON TABLE t IS 'x'",
    "COMMENT ON COLUMN t.c IS 'x'",
    "VACUUM (FULL off) t",
    "CREATE TABLE x () INHERITS (t)",
    "REINDEX TABLE CONCURRENTLY t",
  ],
  "ROW EXCLUSIVE": ["INSERT INTO t VALUES (1)", "UPDATE t SET c = 1", "DELETE FROM t"],
  "ROW SHARE": ["SELECT * FROM t FOR UPDATE", "SELECT * FROM t FOR KEY SHARE"],
  "ACCESS SHARE": ["SELECT * FROM t"],
};

describe.each(Object.entries(matrix))("%s is taken by", (lock, statements) => {
  it.each(statements)("%s", (sql) => {
    expect(factOf(sql)).toMatchObject({ lock, table: "t" });
  });
});

describe("no lock on a table is taken by", () => {
  it.each([
    "CREATE TABLE t (id int)",
    "CREATE TABLE t (id int, parent int REFERENCES t)",
    "COMMENT ON FUNCTION f() IS 'x'",
    "SELECT 1",
    "ALTER TYPE e ADD VALUE 'x'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  ])("%s", (sql) => {
    expect(factOf(sql)).toMatchObject({ lock: null, table: null });
  });
});

describe("every table that a statement locks is told, the strongest first:", () => {
  it.each<readonly [string, readonly (readonly [string, string])[]]>([
    [
      "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES r",
      [
        ["t", "SHARE ROW EXCLUSIVE"],
        ["r", "SHARE ROW EXCLUSIVE"],
      ],
    ],
    [
      "ALTER TABLE t ADD COLUMN c int REFERENCES r",
      [
        ["t", "ACCESS EXCLUSIVE"],
        ["r", "SHARE ROW EXCLUSIVE"],
      ],
    ],
    [
      "DROP TABLE a, s.b",
      [
        ["a", "ACCESS EXCLUSIVE"],
        ["s.b", "ACCESS EXCLUSIVE"],
      ],
    ],
    [
      "TRUNCATE a, b",
      [
        ["a", "ACCESS EXCLUSIVE"],
        ["b", "ACCESS EXCLUSIVE"],
      ],
    ],
    [
      "LOCK TABLE a, b IN SHARE MODE",
      [
        ["a", "SHARE"],
        ["b", "SHARE"],
      ],
    ],
    [
      "ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)",
      [
        ["p", "ACCESS EXCLUSIVE"],
        ["t", "SHARE UPDATE EXCLUSIVE"],
      ],
    ],
    [
      "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
      [
        ["p", "ACCESS EXCLUSIVE"],
        ["t", "SHARE UPDATE EXCLUSIVE"],
      ],
    ],
    [
      "ALTER TABLE t DETACH PARTITION p",
      [
        ["t", "ACCESS EXCLUSIVE"],
        ["p", "ACCESS EXCLUSIVE"],
      ],
    ],
    [
      "CREATE TABLE x (a int REFERENCES r, b int REFERENCES s)",
      [
        ["r", "SHARE ROW EXCLUSIVE"],
        ["s", "SHARE ROW EXCLUSIVE"],
      ],
    ],
    ["CREATE TABLE x (LIKE t)", [["t", "ACCESS SHARE"]]],
    [
      "INSERT INTO t SELECT * FROM u JOIN v USING (id)",
      [
        ["t", "ROW EXCLUSIVE"],
        ["u", "ACCESS SHARE"],
        ["v", "ACCESS SHARE"],
      ],
    ],
    [
      "WITH w AS (SELECT * FROM u), d AS (DELETE FROM t) SELECT * FROM w, d",
      [
        ["t", "ROW EXCLUSIVE"],
        ["u", "ACCESS SHARE"],
      ],
    ],
    [
      "SELECT * FROM a x, b FOR UPDATE OF x",
      [
        ["a", "ROW SHARE"],
        ["b", "ACCESS SHARE"],
      ],
    ],
    ["SELECT (SELECT 1 FROM a x FOR UPDATE OF x)", [["a", "ROW SHARE"]]],
    ["CREATE VIEW v AS SELECT * FROM a", [["a", "ACCESS SHARE"]]],
    [
      "UPDATE t SET c = u.c FROM u",
      [
        ["t", "ROW EXCLUSIVE"],
        ["u", "ACCESS SHARE"],
      ],
    ],
    [
      "CREATE POLICY p ON t USING (EXISTS (SELECT FROM u))",
      [
        ["t", "ACCESS EXCLUSIVE"],
        ["u", "ACCESS SHARE"],
      ],
    ],
    ['ALTER TABLE "a.b"."c""d" ADD COLUMN x int', [['"a.b"."c""d"', "ACCESS EXCLUSIVE"]]],
    ["ALTER TABLE t SET (user_catalog_table = true)", [["t", "ACCESS EXCLUSIVE"]]],
    ["COMMENT ON CONSTRAINT k ON t IS 'x'", [["t", "ACCESS SHARE"]]],
  ])("%s", (sql, locks) => {
    expect(factOf(sql).locks).toEqual(locks.map(([table, lock]) => ({ table, lock })));
  });
});

describe("a table that the set makes is nobody's yet", () => {
  it.each([
    ["CREATE TABLE t (id int)", "ALTER TABLE t ADD COLUMN c serial", []],
    ["CREATE TABLE t (id int)", "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES r", ["r"]],
    ["CREATE SCHEMA s", "TRUNCATE s.t", []],
    ["CREATE TABLE t (id int)", "INSERT INTO t SELECT * FROM u", ["u"]],
  ])("%s; %s", (before, sql, tables) => {
    const made = trackMade();
    for (const statement of parse(before)) made.note(statement);
    const fact = factOf(sql, { made });
    expect(fact.locks.map(({ table }) => table)).toEqual(tables);
    expect(fact.rewrites).toBe(false);
  });
});

describe("what only the database knows is said to be so", () => {
  it.each([
    "DROP INDEX i",
    "REINDEX INDEX i",
    "DROP TYPE e CASCADE",
    "ALTER TABLE t DROP CONSTRAINT k",
    "DO 'BEGIN END'",
    "SELECT f()",
    "VACUUM",
  ])("%s", (sql) => expect(factOf(sql).complete).toBe(false));
  it.each(["ALTER TABLE t ADD COLUMN c int", "CREATE INDEX ON t (c)", "UPDATE t SET c = 1", "SELECT now() FROM t"])(
    "but not of %s",
    (sql) => expect(factOf(sql).complete).toBe(true),
  );
});

describe("a statement of several parts", () => {
  it("takes the strongest lock of them", () => {
    expect(factOf("ALTER TABLE shop.t VALIDATE CONSTRAINT k, ALTER c SET STATISTICS 5")).toMatchObject({
      lock: "SHARE UPDATE EXCLUSIVE",
      table: "shop.t",
    });
    expect(factOf("ALTER TABLE t VALIDATE CONSTRAINT k, DROP COLUMN c").lock).toBe("ACCESS EXCLUSIVE");
    expect(strongest([null, "SHARE", "ACCESS SHARE"])).toBe("SHARE");
    expect(strongest([])).toBeNull();
  });
});
