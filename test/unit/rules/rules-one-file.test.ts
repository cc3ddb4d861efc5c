import { expect, it } from "vitest";
import { describeCases, files, found, NEW } from "./cases.ts";
import { NO_TRANSACTION } from "./findings.ts";

const SWAP =
  "CREATE TYPE s_new AS ENUM ('a'); ALTER TABLE t ALTER a TYPE s_new USING a::text::s_new; DROP TYPE s; ALTER TYPE s_new RENAME TO s";
const SWAP_OLD =
  "ALTER TYPE s RENAME TO s_old; CREATE TYPE s AS ENUM ('a'); ALTER TABLE t ALTER a TYPE s USING a::text::s; DROP TYPE s_old";
const BODY = "LANGUAGE sql AS 'SELECT 1'";

// What a statement does to clients depends on the others of its file.
describeCases({
  HG604: {
    finds: [
      "CREATE TYPE s_new AS ENUM ('a'); DROP TYPE s; ALTER TYPE s_new RENAME TO z",
      `${NO_TRANSACTION}${SWAP}`,
      "CREATE TYPE x.s_new AS ENUM ('a'); DROP TYPE y.s; ALTER TYPE x.s_new RENAME TO s",
    ],
    silent: [SWAP, SWAP_OLD, "DROP TYPE s; CREATE TYPE public.s AS ENUM ()"],
  },
  HG810: {
    finds: [
      "CREATE TYPE s_new AS ENUM ('a'); DROP TYPE s; ALTER TYPE s_new RENAME TO z",
      "ALTER TABLE t DROP COLUMN c; ALTER TABLE t ADD COLUMN c int",
      "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int; ALTER TABLE t DROP COLUMN c",
      "ALTER TABLE t ADD COLUMN c int; ALTER TABLE t DROP COLUMN c, DROP COLUMN d",
      "ALTER TABLE t ADD COLUMN c int; ALTER TABLE u DROP COLUMN c",
      `DROP FUNCTION f(int); CREATE FUNCTION f(a text) RETURNS int ${BODY}`,
      `CREATE FUNCTION x.f(a int) RETURNS int ${BODY}; DROP FUNCTION f`,
      `CREATE FUNCTION ff(a int) RETURNS int ${BODY}; DROP FUNCTION f`,
    ],
    silent: [
      SWAP,
      SWAP_OLD,
      "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 1; ALTER TABLE t DROP COLUMN c",
      "ALTER TABLE t ADD COLUMN c int; ALTER TABLE t RENAME COLUMN c TO d; ALTER TABLE t DROP COLUMN d",
      "ALTER INDEX i RENAME TO j",
      "ALTER TRIGGER g ON t RENAME TO h",
      "ALTER POLICY p ON t RENAME TO q",
      `DROP FUNCTION f(int); CREATE FUNCTION f(a int) RETURNS text ${BODY}`,
      `DROP FUNCTION f(int); CREATE OR REPLACE FUNCTION f(a int) RETURNS text ${BODY}`,
      `CREATE FUNCTION f(a int) RETURNS int ${BODY}; SELECT f(1); DROP FUNCTION f`,
    ],
  },
  HG211: {
    finds: [
      "ALTER TABLE t ADD COLUMN c int; ALTER TABLE u DROP COLUMN c",
      "ALTER TABLE t ADD COLUMN c int; ALTER TABLE t DROP COLUMN c, DROP COLUMN d",
      "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int; ALTER TABLE t DROP COLUMN c",
      "ALTER TABLE t ADD COLUMN c int, DROP COLUMN c",
      "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t DROP COLUMN b",
      files("ALTER TABLE t ADD COLUMN c int", "ALTER TABLE t DROP COLUMN c"),
    ],
    silent: [
      "ALTER TABLE t ADD COLUMN tmp int; UPDATE t SET tmp = 1 WHERE a > 0; ALTER TABLE t DROP COLUMN tmp",
      "ALTER TABLE t ADD COLUMN c int; ALTER TABLE t RENAME COLUMN c TO d; ALTER TABLE t DROP COLUMN d",
      "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t ADD COLUMN a int; ALTER TABLE t DROP COLUMN a",
    ],
  },
  HG212: {
    finds: ["ALTER TABLE t ADD COLUMN j int; ALTER TABLE t RENAME COLUMN p TO q"],
    silent: [
      "ALTER TABLE t ADD COLUMN j int; ALTER TABLE t RENAME COLUMN j TO p",
      "ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b",
      "ALTER TABLE t ADD COLUMN n bigint; ALTER TABLE t RENAME id TO id_old; ALTER TABLE t RENAME n TO id",
    ],
  },
});

describeCases({
  HG308: {
    finds: [
      "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD COLUMN id bigint UNIQUE",
      `${NO_TRANSACTION}ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD COLUMN id bigserial PRIMARY KEY`,
    ],
    silent: [
      "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD COLUMN id bigserial PRIMARY KEY",
      "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD COLUMN id bigserial PRIMARY KEY",
    ],
  },
  HG702: {
    finds: [
      "ALTER TABLE a RENAME TO b; UPDATE b SET x = 1 WHERE y > 0",
      "ALTER TABLE a SET SCHEMA s; UPDATE s.a SET x = 1 WHERE y > 0",
      "ALTER TABLE a ADD x int; UPDATE a SET x = 1 WHERE owner_id = 5",
    ],
    silent: [
      "ALTER TABLE a RENAME TO b; CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT id FROM b",
      "ALTER TABLE a ADD x int; CREATE TABLE n AS SELECT 1; DROP TABLE a; ALTER TABLE n RENAME TO a; UPDATE a SET x = 1",
      "ALTER TABLE a ADD x int; UPDATE a SET x = 1 WHERE email = 'admin@x.dev'",
    ],
  },
  HG802: {
    finds: [
      "ALTER TABLE a RENAME TO b; UPDATE c SET x = 1 WHERE y > 0",
      "ALTER TABLE a ADD x int; UPDATE c SET x = 1 WHERE owner_id = 5",
    ],
    silent: [
      "ALTER TABLE a RENAME TO b; UPDATE b SET x = 1 WHERE y > 0",
      "ALTER TABLE a ADD x int; UPDATE c SET x = 1 WHERE c.username = 'admin'",
    ],
  },
  HG803: {
    finds: ["ALTER TABLE a RENAME TO b; ALTER TABLE c ADD x int"],
    silent: ["ALTER TABLE a RENAME TO b; ALTER TABLE b ADD x int"],
  },
  HG701: {
    finds: [
      "UPDATE t SET a = o.b FROM o WHERE t.k = o.id",
      "UPDATE t SET a = o.b FROM o, s.p WHERE t.k = o.id AND o.x = p.y",
    ],
    silent: [
      "UPDATE t SET a = o.b FROM o WHERE t.k = o.id AND o.state = 'new'",
      "UPDATE t SET a = v.b FROM (VALUES (1, 2)) v (id, b) WHERE t.k = v.id",
      "WITH v AS (VALUES (1, 2)) UPDATE t SET a = v.column2 FROM v WHERE t.k = v.column1",
      "DELETE FROM t USING o WHERE t.k = o.id",
      `${NEW}UPDATE t SET a = o.b FROM o WHERE t.id = o.id`,
    ],
  },
});

const dangers = (set: string, rule: string): string[] => found(set, rule).map(({ danger }) => danger);

it("a column that the file has renamed is named as clients know it", () => {
  const [danger, ...others] = dangers(
    'ALTER TABLE t RENAME COLUMN "Type" TO type_old; ALTER TABLE t DROP COLUMN type_old',
    "HG211",
  );
  expect(others).toEqual([]);
  expect(danger).toContain('t.type_old and its values are gone: clients of the release before know it as "Type"');
});

it("a rename says what clients find under the old name", () => {
  const rename = "ALTER TABLE t RENAME a TO b";
  expect(dangers(`${rename}; ALTER TABLE t RENAME b TO c`, "HG212")).toEqual([
    "clients of the release before that name t.a fail at once, until the last of them is gone",
  ]);
  expect(dangers(`${rename}; ALTER TABLE t ADD a int`, "HG212")).toEqual([
    "clients of the release before that name t.a find another column there",
  ]);
});

it("what holds a table is told once of each that is gone through, and of a rename by the old name where size counts", () => {
  const update = (table: string) => `UPDATE ${table} SET x = 1 WHERE y > 0;`;
  const set = `ALTER TABLE a ADD x int; ${update("c")} ${update("c")} ALTER TABLE b ADD x int; ${update("c")} ${update("d")}`;
  expect(dangers(set, "HG802")).toEqual([
    expect.stringMatching(/^nobody can read or write a while .* rows of c:/),
    expect.stringMatching(/^nobody can read or write b while .* rows of c:/),
    expect.stringMatching(/^nobody can read or write a, b while .* rows of d:/),
  ]);
  expect(
    dangers("ALTER TABLE a ADD x int; ALTER TABLE b ADD x int; DROP TABLE b; ALTER TABLE c ADD x int", "HG803"),
  ).toHaveLength(1);
  const [renamed] = found(`ALTER TABLE a RENAME TO b; ${update("b")}`, "HG702");
  expect(renamed).toMatchObject({ table: "a", danger: expect.stringContaining("write b until") });
});

it("a new column with NOT NULL does not fail on a table that the file has emptied", () => {
  const add = "ALTER TABLE t ADD c int NOT NULL";
  const fails = (set: string) =>
    dangers(set, "HG204").map((danger) => danger.startsWith("it fails when t has rows; and "));
  for (const sql of ["", "TRUNCATE u;", "DELETE FROM t WHERE a > 0;", "TRUNCATE t; INSERT INTO t VALUES (1);"])
    expect(fails(sql + add)).toEqual([true]);
  for (const sql of ["TRUNCATE u, t;", "DELETE FROM t;", "DELETE FROM t WHERE true;"])
    expect(fails(sql + add)).toEqual([false]);
});
