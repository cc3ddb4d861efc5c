import { expect, it } from "vitest";
import { describeCases, files, found, NEW } from "./cases.ts";
import { NO_TRANSACTION } from "./findings.ts";

describeCases({
  HG304: {
    finds: [
      files("ALTER TABLE t ADD a int", "CREATE UNIQUE INDEX i ON t (a)", "ALTER TABLE t ADD PRIMARY KEY USING INDEX i"),
      files(
        "ALTER TABLE s.t ADD a int",
        "CREATE UNIQUE INDEX i ON s.t (b, a); ALTER TABLE s.t ADD PRIMARY KEY USING INDEX i",
      ),
    ],
    silent: [
      files("CREATE UNIQUE INDEX i ON t (a)", "ALTER TABLE t ADD PRIMARY KEY USING INDEX i"),
      files(
        "ALTER TABLE t ADD a int NOT NULL DEFAULT 0; CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD PRIMARY KEY USING INDEX i",
      ),
      files(
        "ALTER TABLE t ADD a int; CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ALTER a SET NOT NULL, ADD PRIMARY KEY USING INDEX i",
      ),
      files(
        "ALTER TABLE t ADD a int",
        "ALTER TABLE t ALTER a SET NOT NULL",
        "CREATE UNIQUE INDEX i ON t (a)",
        "ALTER TABLE t ADD PRIMARY KEY USING INDEX i",
      ),
      files("ALTER TABLE t ADD a int; CREATE UNIQUE INDEX i ON t (a)", "ALTER TABLE t ADD UNIQUE USING INDEX i"),
    ],
  },
  HG307: {
    finds: [
      "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r NOT VALID",
      "ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID",
      files("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", "ALTER TABLE u VALIDATE CONSTRAINT c"),
    ],
    silent: [
      files("ALTER TABLE t ADD CHECK (a > 0) NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT t_a_check"),
      files("ALTER TABLE t ADD CHECK (a > b) NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT t_check"),
      files(
        "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES r NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT t_a_b_fkey",
      ),
      `${NEW}ALTER TABLE t ADD CHECK (a > 0) NOT VALID`,
      "ALTER TABLE t ADD CHECK (a > 0) NOT ENFORCED",
    ],
  },
  HG308: {
    finds: [
      "ALTER TABLE t REPLICA IDENTITY NOTHING",
      "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE u ADD PRIMARY KEY (a)",
      `${NO_TRANSACTION}ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (a)`,
    ],
    silent: [
      "ALTER TABLE t REPLICA IDENTITY FULL",
      "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (a)",
      "ALTER TABLE t REPLICA IDENTITY USING INDEX i; ALTER TABLE t DROP CONSTRAINT t_pkey",
      "ALTER TABLE t DROP CONSTRAINT t_a_key",
      `${NEW}ALTER TABLE t DROP CONSTRAINT t_pkey`,
    ],
  },
  HG309: {
    finds: [
      "ALTER TABLE t DROP CONSTRAINT fk_t_a; ALTER TABLE u ADD a int",
      files(
        "ALTER TABLE t ADD CONSTRAINT owner FOREIGN KEY (a) REFERENCES r NOT VALID",
        "ALTER TABLE t DROP CONSTRAINT owner; UPDATE u SET a = 1",
      ),
    ],
    silent: [
      "ALTER TABLE t DROP CONSTRAINT t_a_fkey",
      "SET LOCAL work_mem = '1MB'; ALTER TABLE t DROP CONSTRAINT t_a_fkey; ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES r ON DELETE CASCADE NOT VALID",
      `${NO_TRANSACTION}ALTER TABLE t DROP CONSTRAINT t_a_fkey; ALTER TABLE u ADD a int`,
      "ALTER TABLE t DROP CONSTRAINT t_a_check; ALTER TABLE u ADD a int",
      `${NEW}ALTER TABLE t DROP CONSTRAINT t_a_fkey; ALTER TABLE u ADD a int`,
    ],
  },
  HG310: {
    finds: [
      "ALTER TABLE t ADD PRIMARY KEY (a)",
      "CREATE UNIQUE INDEX i ON t (a)",
      "ALTER TABLE t ALTER a SET NOT NULL",
    ],
    silent: [
      `${NEW}ALTER TABLE t ADD UNIQUE (a), ALTER b SET NOT NULL`,
      "ALTER TABLE t ADD UNIQUE USING INDEX i",
      `${NO_TRANSACTION}CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)`,
      "CREATE UNIQUE INDEX i ON t (lower(a))",
      "CREATE UNIQUE INDEX i ON t (a) WHERE b > 0",
      files("DELETE FROM t WHERE a IN (1, 2)", "CREATE UNIQUE INDEX i ON t (a)"),
      files("ALTER TABLE t ADD a int DEFAULT 0", "ALTER TABLE t ALTER a SET NOT NULL"),
      files(
        "ALTER TABLE t ADD CHECK (a IS NOT NULL) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT t_a_check",
        "ALTER TABLE t ALTER a SET NOT NULL",
      ),
    ],
  },
  HG311: {
    finds: [
      "CREATE TABLE u (a int REFERENCES t); INSERT INTO u SELECT id FROM t",
      "CREATE TABLE u (a int REFERENCES t); UPDATE t SET a = 1",
      "CREATE TABLE u (a int REFERENCES t); CREATE INDEX i ON t (a)",
    ],
    silent: [
      "CREATE TABLE u (a int REFERENCES t); CREATE INDEX i ON u (a); INSERT INTO u VALUES (1), (2); UPDATE u SET a = 2",
      `${NEW}CREATE TABLE u (a int REFERENCES t); INSERT INTO u SELECT id FROM t`,
      "CREATE TABLE u (a int REFERENCES u); UPDATE t SET a = 1",
      "UPDATE t SET a = 1; CREATE TABLE u (a int REFERENCES t)",
      `${NO_TRANSACTION}CREATE TABLE u (a int REFERENCES t); INSERT INTO u SELECT id FROM t`,
    ],
  },
  HG312: {
    finds: [
      "CREATE TABLE u (a int CHECK (a > 0) NOT ENFORCED)",
      "CREATE TABLE u (a int, FOREIGN KEY (a) REFERENCES t NOT ENFORCED)",
      "ALTER TABLE t ADD CHECK (a > 0) NOT ENFORCED",
      "ALTER TABLE t ALTER CONSTRAINT c NOT ENFORCED",
    ],
    silent: [
      "CREATE TABLE u (id int PRIMARY KEY, a int UNIQUE NOT NULL CHECK (a > 0) REFERENCES t)",
      "ALTER TABLE t ADD CHECK (a > 0) NOT VALID",
      "ALTER TABLE t ALTER CONSTRAINT c DEFERRABLE",
      "ALTER TABLE t ALTER CONSTRAINT c ENFORCED",
    ],
  },
});

it.each([
  [
    'ALTER TABLE "My t" ADD UNIQUE ("a""b", c)',
    `SELECT "a""b", c, count(*) FROM "My t" WHERE "a""b" IS NOT NULL AND c IS NOT NULL GROUP BY "a""b", c HAVING count(*) > 1;`,
  ],
  ["ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)", "SELECT a, count(*) FROM t GROUP BY a HAVING count(*) > 1;"],
  [
    "ALTER TABLE t ADD PRIMARY KEY (a, b)",
    "SELECT a, b, count(*) FROM t GROUP BY a, b HAVING count(*) > 1 OR a IS NULL OR b IS NULL;",
  ],
  ['ALTER TABLE s.t ALTER "user" SET NOT NULL', 'SELECT * FROM s.t WHERE "user" IS NULL;'],
])("HG310 of %s prints the query that finds the rows in the way", (sql, query) => {
  expect(found(sql, "HG310")[0]?.instead).toContain(`: ${query}`);
});
