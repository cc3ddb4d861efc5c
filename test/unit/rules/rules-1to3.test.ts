import { expect, it } from "vitest";
import { describeCases, files, findingsIn, found, NEW } from "./cases.ts";
import { CONTRACT, NO_TRANSACTION } from "./findings.ts";

describeCases({
  HG101: {
    finds: ["CREATE INDEX i ON t (a)", "CREATE UNIQUE INDEX ON s.t (a)"],
    silent: [`${NEW}CREATE INDEX i ON t (a)`, "CREATE INDEX i ON ONLY t (a)"],
  },
  HG102: {
    finds: [files("CREATE INDEX i ON t (a)", "DROP INDEX i"), files("CREATE INDEX i ON s.t (a)", "DROP INDEX s.i")],
    silent: [files(`${NEW}CREATE INDEX i ON t (a)`, "DROP INDEX i"), files("CREATE SCHEMA s", "DROP INDEX s.i")],
  },
  HG103: {
    finds: [files("CREATE INDEX i ON t (a)", "REINDEX INDEX i"), "REINDEX SCHEMA s"],
    silent: [files(`${NEW}CREATE INDEX i ON t (a)`, "REINDEX INDEX i"), files("CREATE SCHEMA s", "REINDEX SCHEMA s")],
  },
  HG106: {
    finds: [
      files("CREATE TABLE p (a int) PARTITION BY LIST (a)", `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY i ON p (a)`),
      files("CREATE TABLE c PARTITION OF p FOR VALUES IN (1)", `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY i ON p (a)`),
      files(
        "ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1)",
        `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY i ON p (a)`,
      ),
      files(
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE INDEX i ON p (a)",
        `${NO_TRANSACTION}DROP INDEX CONCURRENTLY i`,
      ),
    ],
    silent: [
      `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY i ON t (a)`,
      files("CREATE TABLE c PARTITION OF p FOR VALUES IN (1)", `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY i ON c (a)`),
      files("CREATE INDEX i ON t (a)", `${NO_TRANSACTION}DROP INDEX CONCURRENTLY i`),
    ],
  },
  HG107: {
    finds: [
      `${NO_TRANSACTION}SET statement_timeout = 5000; CREATE INDEX CONCURRENTLY i ON t (a)`,
      `${NO_TRANSACTION}SET statement_timeout TO '1h'; SELECT 1; DROP INDEX CONCURRENTLY i`,
    ],
    silent: [
      `${NO_TRANSACTION}SET statement_timeout = 0; CREATE INDEX CONCURRENTLY i ON t (a)`,
      `${NO_TRANSACTION}SET statement_timeout = '0'; CREATE INDEX CONCURRENTLY i ON t (a)`,
      `${NO_TRANSACTION}SET statement_timeout = '5s'; RESET statement_timeout; CREATE INDEX CONCURRENTLY i ON t (a)`,
      `${NO_TRANSACTION}SET statement_timeout = '5s'; RESET ALL; CREATE INDEX CONCURRENTLY i ON t (a)`,
      `${NO_TRANSACTION}SET lock_timeout = '5s'; CREATE INDEX CONCURRENTLY i ON t (a)`,
      `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY i ON t (a); SET statement_timeout = '5s'`,
      "SET statement_timeout = '5s'; CREATE INDEX i ON t (a)",
      "SET statement_timeout = '5s'; ALTER TABLE t VALIDATE CONSTRAINT c",
    ],
  },
  HG110: {
    finds: [
      "CREATE TABLE t (a int REFERENCES r)",
      "CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES r)",
      files(NEW, "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r"),
      files("ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r"),
      "CREATE TABLE t (a int REFERENCES r); CREATE INDEX i ON t (b, a)",
      "CREATE TABLE t (a int REFERENCES r); CREATE INDEX i ON t (a) WHERE b > 0",
      "CREATE TABLE t (a int REFERENCES r, b int REFERENCES r); CREATE INDEX i ON t (a)",
      files("CREATE TABLE t (a int REFERENCES r, b int REFERENCES r)", "CREATE INDEX i ON t (a)"),
      files("ALTER TABLE t ADD a int REFERENCES r, ADD b int REFERENCES r", "CREATE INDEX i ON t (a)"),
    ],
    silent: [
      "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r",
      "CREATE TABLE t (a int REFERENCES r); CREATE INDEX i ON t (a, b)",
      files("CREATE TABLE t (a int REFERENCES r)", `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY i ON t (a)`),
      "CREATE TABLE t (a int REFERENCES r); CREATE INDEX i ON t (a) WHERE a IS NOT NULL",
      "CREATE TABLE t (a int PRIMARY KEY REFERENCES r)",
      "CREATE TABLE t (a int REFERENCES r, b int, PRIMARY KEY (a, b))",
      "CREATE TABLE t (a int, b int, FOREIGN KEY (a, b) REFERENCES r)",
      "CREATE TEMP TABLE t (a int REFERENCES r)",
      files(
        "CREATE INDEX i ON t (a)",
        "ALTER TABLE t ADD COLUMN a int",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r",
      ),
    ],
  },
  HG205: {
    finds: [
      "ALTER TABLE t ADD a int DEFAULT 1 REFERENCES r",
      "ALTER TABLE t ADD a serial REFERENCES r",
      "ALTER TABLE t ADD a int DEFAULT NULL REFERENCES r",
      "ALTER TABLE t ADD a int REFERENCES r CHECK (a > 0)",
    ],
    silent: ["ALTER TABLE t ADD a int REFERENCES r", "ALTER TABLE t ADD a int REFERENCES t, ADD b int DEFAULT 0"],
  },
  HG206: {
    finds: ["ALTER TABLE t ALTER a TYPE bigint", "ALTER TABLE t ALTER a TYPE text USING a::text"],
    silent: ["ALTER TABLE t ALTER a TYPE text"],
  },
  HG207: {
    finds: ["ALTER TABLE t ALTER a TYPE text", "ALTER TABLE t ALTER a TYPE varchar"],
    silent: [
      `${NEW}ALTER TABLE t ALTER a TYPE text`,
      "ALTER TABLE t ALTER a TYPE varchar(5)",
      'ALTER TABLE t ALTER a TYPE text COLLATE "C"',
      "ALTER TABLE t ALTER a TYPE text[]",
    ],
  },
  HG208: {
    finds: [
      "ALTER TABLE t ALTER a TYPE time",
      "ALTER TABLE t ALTER a TYPE smallint",
      "ALTER TABLE t ALTER a TYPE numeric USING round(a, 2)",
      "ALTER TABLE t ALTER a TYPE text, ALTER b TYPE varchar(5) USING b::varchar(5)",
    ],
    silent: [
      `${NEW}ALTER TABLE t ALTER a TYPE date`,
      "ALTER TABLE t ALTER a TYPE date USING a::date",
      "ALTER TABLE t ALTER a TYPE varchar(50)",
      "ALTER TABLE t ALTER a TYPE timestamptz USING a AT TIME ZONE 'UTC'",
      "ALTER TABLE t ALTER a TYPE bigint USING a::bigint",
      "ALTER TABLE t ALTER a TYPE text USING a::varchar",
      "ALTER TABLE t ALTER a TYPE jsonb USING a::jsonb",
    ],
  },
  HG209: {
    finds: ["ALTER TABLE t ADD CHECK (a IS NOT NULL AND b > 0) NOT VALID; ALTER TABLE t ALTER a SET NOT NULL"],
    silent: [
      files(
        "ALTER TABLE t ADD CHECK (a IS NOT NULL AND b IS NOT NULL) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT t_check",
        "ALTER TABLE t ALTER a SET NOT NULL, ALTER b SET NOT NULL",
      ),
    ],
  },
  HG210: {
    finds: ["ALTER TABLE t ALTER a DROP NOT NULL"],
    silent: [`${CONTRACT}ALTER TABLE t ALTER a DROP NOT NULL`, `${NEW}ALTER TABLE t ALTER a DROP NOT NULL`],
  },
  HG212: {
    finds: ["ALTER TABLE t RENAME a TO b"],
    silent: [`${CONTRACT}ALTER TABLE t RENAME a TO b`, `${NEW}ALTER TABLE t RENAME a TO c`],
  },
  HG213: {
    finds: ["CREATE TABLE t (a json)", "ALTER TABLE t ADD a json"],
    silent: ["CREATE TABLE t (a jsonb)", "ALTER TABLE t ADD a shop.json"],
  },
  HG214: {
    finds: [
      files("CREATE DOMAIN d AS int NOT NULL", "ALTER TABLE t ADD a d"),
      files("CREATE DOMAIN s.d AS int; ALTER DOMAIN s.d ADD CHECK (value > 0)", "ALTER TABLE t ADD a s.d"),
    ],
    silent: [
      files("CREATE DOMAIN d AS int", "ALTER TABLE t ADD a d"),
      files("CREATE DOMAIN d AS int CHECK (value > 0)", "ALTER TABLE t ADD a d[]"),
      files("CREATE DOMAIN d AS int CHECK (value > 0)", `${NEW}ALTER TABLE t ADD c d`),
      "ALTER TABLE t ADD a d",
    ],
  },
  HG215: {
    finds: [
      "ALTER TABLE t SET TABLESPACE fast",
      "ALTER INDEX i SET TABLESPACE fast",
      "ALTER TABLE ALL IN TABLESPACE slow SET TABLESPACE fast",
      'ALTER TABLE t ALTER a TYPE text COLLATE s."x y"',
    ],
    silent: [`${NEW}ALTER TABLE t SET TABLESPACE fast`, "CREATE TABLE u (a text) TABLESPACE fast"],
  },
});

it("what grows with a table names it, and what breaks clients or loses data does not", () => {
  const tables = (sql: string) => Object.fromEntries(findingsIn(sql).map(({ rule, table }) => [rule, table]));
  expect(tables('ALTER TABLE "My t" ALTER a TYPE date')).toMatchObject({ HG206: '"My t"', HG208: undefined });
  expect(tables("CREATE INDEX ON s.t (a)")).toMatchObject({ HG101: "s.t", HG109: undefined });
  expect(tables(files("CREATE INDEX i ON s.t (a)", "REINDEX INDEX s.i"))).toMatchObject({ HG103: "s.t" });
  expect(tables("ALTER TABLE t ADD a int UNIQUE")).toMatchObject({ HG205: "t" });
  expect(tables("ALTER TABLE t ADD a int REFERENCES r")).toMatchObject({ HG110: "t" });
  expect(tables("ALTER TABLE t ADD a int DEFAULT 1 REFERENCES r")).toMatchObject({ HG205: "t", HG110: "t" });
});

it("a longer varchar or numeric is of low risk for a file, and as high as any where a database says that rows are written", () => {
  const [high, low] = [{ risk: "high" }, { risk: "low" }].map((one) => ({ ...one, ifRewritten: "high" }));
  expect(found("ALTER TABLE t ALTER a TYPE varchar(20)", "HG206")).toMatchObject([low]);
  expect(found("ALTER TABLE t ALTER a TYPE numeric(12, 2)", "HG206")).toMatchObject([low]);
  expect(found("ALTER TABLE t ALTER a TYPE varchar(20) USING b", "HG206")).toMatchObject([high]);
  expect(found("ALTER TABLE t ALTER a TYPE varchar(20)[]", "HG206")).toMatchObject([high]);
  expect(found("ALTER TABLE t ALTER a TYPE varchar(20), ALTER b TYPE bigint", "HG206")).toMatchObject([low, high]);
});

it("an acknowledgement of what only the files before it make known is no idle one", () => {
  const allow = '-- headgate: allow HG110 reason="nobody deletes there"\n';
  const set = files("ALTER TABLE t ADD a int", `${allow}ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r NOT VALID`);
  expect(found(set, "HG814")).toEqual([]);
  expect(found(set, "HG110")).toMatchObject([{ accepted: "nobody deletes there" }]);
});
