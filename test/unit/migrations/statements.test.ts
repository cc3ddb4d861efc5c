import { beforeAll, describe, expect, it } from "vitest";
import { loadParser, type Parse, type Statement } from "../../../agent/migrations/parser.ts";
import { isPatient, needsNoTransaction, runsBare } from "../../../agent/migrations/statements.ts";

let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
});

function only(sql: string): Statement {
  const [statement] = parse({ sql, file: "a.sql", line: 1 });
  if (statement === undefined) throw new Error(`no statement: ${sql}`);
  return statement;
}

/** What holds of a statement: refused inside a transaction, run outside of ours, without lock_timeout. */
const facts = (sql: string) => {
  const statement = only(sql);
  return {
    refused: needsNoTransaction(statement),
    bare: runsBare(statement),
    patient: isPatient(statement),
  };
};

const groups: readonly [name: string, expected: ReturnType<typeof facts>, statements: readonly string[]][] = [
  [
    "refused inside a transaction, and patient",
    { refused: true, bare: true, patient: true },
    [
      "CREATE INDEX CONCURRENTLY i ON t (c)",
      "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (c)",
      "DROP INDEX CONCURRENTLY IF EXISTS i",
      "REINDEX TABLE CONCURRENTLY t",
      "REINDEX (VERBOSE, CONCURRENTLY) INDEX i",
      "REINDEX (CONCURRENTLY 1) INDEX i",
      "REINDEX SCHEMA CONCURRENTLY s",
      "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
    ],
  ],
  [
    "refused inside a transaction",
    { refused: true, bare: true, patient: false },
    [
      "VACUUM t",
      "VACUUM (FULL, ANALYZE)",
      "CLUSTER",
      "REINDEX SCHEMA s",
      "REINDEX DATABASE d",
      "REINDEX SYSTEM d",
      "CREATE DATABASE d",
      "DROP DATABASE d",
      "ALTER DATABASE d SET TABLESPACE x",
      "CREATE TABLESPACE x LOCATION '/srv/x'",
      "DROP TABLESPACE x",
      "ALTER SYSTEM SET work_mem = '1MB'",
    ],
  ],
  [
    "run outside of ours, since they may commit or be refused",
    { refused: false, bare: true, patient: false },
    [
      "CALL p()",
      "DO $$ BEGIN COMMIT; END $$",
      "REINDEX TABLE t",
      "REINDEX (CONCURRENTLY false) TABLE t",
      "REINDEX (CONCURRENTLY 0) TABLE t",
      "CLUSTER t USING i",
      "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p",
      "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
      "DROP SUBSCRIPTION s",
    ],
  ],
  [
    "patient",
    { refused: false, bare: false, patient: true },
    [
      "ALTER TABLE t VALIDATE CONSTRAINT k",
      "ALTER TABLE t VALIDATE CONSTRAINT k, VALIDATE CONSTRAINT l",
      "ALTER TABLE t DETACH PARTITION p FINALIZE",
    ],
  ],
  [
    "none of it",
    { refused: false, bare: false, patient: false },
    [
      "CREATE INDEX i ON t (c)",
      "DROP INDEX i",
      "ALTER TABLE t DETACH PARTITION p",
      'ALTER TABLE t DROP COLUMN "DETACH PARTITION p CONCURRENTLY"',
      'CREATE TYPE "CONCURRENTLY" AS ("VALIDATE" int)',
      "ALTER TABLE t VALIDATE CONSTRAINT k, DROP COLUMN c",
      "ALTER DATABASE d SET search_path = x",
      "ALTER DATABASE d CONNECTION LIMIT 5",
      "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
      "ANALYZE t",
      "ALTER TYPE e ADD VALUE 'x'",
      "COMMENT ON TABLE t IS 'CREATE INDEX CONCURRENTLY'",
      "SELECT 1",
    ],
  ],
];

describe.each(groups)("%s:", (_name, expected, statements) => {
  it.each(statements)("%s", (sql) => expect(facts(sql)).toEqual(expected));
});
