import { beforeAll, describe, expect, it } from "vitest";
import { loadParser, type Parse } from "../../../agent/migrations/parser.ts";
import type { Migration } from "../../../agent/migrations/types.ts";
import { lint } from "../../../agent/rules/index.ts";
import { leavesState } from "../../../agent/statements/leaves-state.ts";
import { trackMade } from "../../../agent/statements/made.ts";

let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
});

const migrationOf = (sql: string, transaction: boolean): Migration => ({
  name: "001_a",
  paths: ["/m/001_a.sql"],
  kind: "sql",
  checksum: "x",
  up: { sql, file: "001_a.sql", line: 1 },
  down: undefined,
  downAt: undefined,
  downTransaction: true,
  downEffects: undefined,
  downKind: "irreversible",
  transaction,
  phase: "unknown",
  lockTimeoutMs: undefined,
  allowed: [],
});

function rulesOf(sql: string, transaction = true): string[] {
  const statements = parse({ sql, file: "001_a.sql", line: 1 });
  return (
    lint({ migration: migrationOf(sql, transaction), statements, ownSchema: "headgate", made: trackMade() })
      .flat()
      // What cannot work; advice is tested by its pages.
      .filter(({ acceptable }) => !acceptable)
      .map((finding) => finding.rule)
  );
}

const found: Readonly<Record<string, readonly string[]>> = {
  HG104: [
    "CREATE INDEX CONCURRENTLY i ON t (c)",
    "DROP INDEX CONCURRENTLY i",
    "REINDEX TABLE CONCURRENTLY t",
    "VACUUM t",
    "CREATE DATABASE d",
    "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
    "ALTER SYSTEM SET work_mem = '1MB'",
    "CLUSTER",
  ],
  HG801: ["COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION", "PREPARE TRANSACTION 'x'", "END", "COMMIT AND CHAIN"],
  HG805: [
    "DISCARD ALL",
    "RESET ALL",
    "SELECT pg_advisory_unlock_all()",
    "SELECT 1 FROM (SELECT pg_catalog.pg_advisory_unlock_all()) s",
  ],
  HG806: ["COPY t FROM STDIN", "COPY t TO STDOUT"],
  HG813: [
    "DROP SCHEMA headgate CASCADE",
    "DROP SCHEMA a, headgate",
    "DROP TABLE headgate.history",
    "ALTER TABLE headgate.run ADD COLUMN x int",
    "TRUNCATE headgate.history",
    "ALTER SCHEMA headgate RENAME TO other",
    "UPDATE headgate.history SET state = 'applied'",
    "INSERT INTO headgate.meta VALUES (true, 2, 2)",
    "WITH gone AS (DELETE FROM headgate.history RETURNING 1) SELECT * FROM gone",
    "DROP FUNCTION headgate.guard",
    "CREATE TRIGGER g BEFORE INSERT ON headgate.history EXECUTE FUNCTION f()",
    "DROP TRIGGER g ON headgate.history",
    "CREATE OR REPLACE FUNCTION headgate.guard() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER FUNCTION headgate.guard() RENAME TO other",
    "ALTER FUNCTION headgate.guard() STRICT",
    "ALTER TYPE headgate.state ADD VALUE 'x'",
    "DROP TYPE headgate.state",
    "ALTER SEQUENCE headgate.s RESTART",
    "ALTER TABLE headgate.history OWNER TO x",
    "ALTER SCHEMA headgate OWNER TO x",
    "COPY headgate.history FROM '/srv/rows.csv'",
    "MERGE INTO headgate.history h USING t ON true WHEN MATCHED THEN DELETE",
  ],
};

describe.each(Object.entries(found))("%s finds", (rule, statements) => {
  it.each(statements)("%s", (sql) => expect(rulesOf(sql)).toEqual([rule]));
});

describe("no rule finds anything in", () => {
  it.each([
    "SAVEPOINT a; ROLLBACK TO a; RELEASE a",
    "RESET search_path; DISCARD TEMP; SELECT pg_advisory_unlock(1)",
    "COPY t FROM '/srv/rows.csv'",
    "COPY t FROM PROGRAM 'cat'",
    "ANALYZE t",
    "DROP TABLE headgate",
    "CREATE TABLE other.headgate (id int)",
    "SELECT * FROM headgate.history",
    "COPY headgate.history TO '/srv/rows.csv'",
    "CREATE VIEW v AS SELECT * FROM headgate.history",
    "INSERT INTO other SELECT * FROM headgate.history",
    "GRANT SELECT ON headgate.history TO x",
    "COMMENT ON TABLE headgate.history IS 'x'",
    "DROP TRIGGER g ON headgate",
    "DROP FUNCTION f(headgate.state)",
    "ALTER TABLE t ADD CHECK (headgate.f())",
    "CLUSTER t",
    "DROP TABLE history",
    "SELECT 'COMMIT; DISCARD ALL'",
  ])("%s", (sql) => expect(rulesOf(sql)).toEqual([]));

  it("CREATE INDEX CONCURRENTLY in a file without a transaction, where COMMIT is still refused", () => {
    expect(rulesOf("CREATE INDEX CONCURRENTLY i ON t (c)", false)).toEqual([]);
    expect(rulesOf("COMMIT", false)).toEqual(["HG801"]);
  });
});

describe("session state is left behind by", () => {
  const leaves = (sql: string) => parse({ sql, file: "a.sql", line: 1 }).some(leavesState);

  it.each([
    "SET search_path = a",
    "SET ROLE x",
    "SET SESSION AUTHORIZATION x",
    "SELECT set_config('a.b', 'c', false)",
    "DO $$ BEGIN END $$",
    "CALL p()",
    "LISTEN x",
    "PREPARE x AS SELECT 1",
    "LOAD 'x'",
    "CREATE TEMP TABLE x (id int)",
    "CREATE TEMP VIEW x AS SELECT 1",
    "SELECT * INTO TEMP x FROM t",
    "CREATE TEMP TABLE x AS SELECT 1",
    "RESET search_path",
  ])("%s", (sql) => expect(leaves(sql)).toBe(true));

  it.each(["SET LOCAL work_mem = '1MB'", "CREATE TABLE x (id int)", "SELECT 1", "INSERT INTO t VALUES (1)"])(
    "but not by %s",
    (sql) => expect(leaves(sql)).toBe(false),
  );
});
