import { describe, expect, it } from "vitest";
import { listMigrations } from "../../../agent/migrations/listing.ts";
import { compileMigrations } from "../../../agent/migrations/load.ts";
import { inspectMigrations } from "../../../agent/stages/inspect.ts";
import type { PlannedMigration } from "../../../agent/stages/state.ts";
import { folder, headgate } from "../../support/headgate.ts";
import { CONTRACT, findingsOf, NO_TRANSACTION, rulesOf } from "./findings.ts";

describe("what stands in other files of the set", () => {
  it("makes a table nobody uses yet, and settles what was open", () => {
    expect(rulesOf("CREATE TABLE a (x int)", "ALTER TABLE a ADD PRIMARY KEY (x)")).toEqual([]);
    expect(
      rulesOf("CREATE TABLE a (id int PRIMARY KEY)", "ALTER TABLE a ADD COLUMN x int; UPDATE a SET x = 1"),
    ).toEqual([]);
    expect(
      rulesOf(
        "ALTER TABLE b ADD CHECK (x = 1) NOT VALID",
        "ALTER TABLE b VALIDATE CONSTRAINT b_x_check",
        "ALTER TABLE a ATTACH PARTITION b DEFAULT",
      ),
    ).toEqual([]);
  });
  it("does not make good what a transaction of its own would refuse", () => {
    expect(rulesOf("CREATE TYPE m AS ENUM ('y')", "ALTER TYPE m ADD VALUE 'x'; INSERT INTO a VALUES ('x')")).toEqual([
      "HG601",
    ]);
  });
  it("shows that a table is partitioned, whose foreign key only PostgreSQL 18 takes with NOT VALID", () => {
    const [only, ...others] = findingsOf([
      "CREATE TABLE a (x int PRIMARY KEY) PARTITION BY LIST (x)",
      "ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES b NOT VALID",
    ]).filter(({ rule }) => rule === "HG506");
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      servers: { below: 180_000 },
      instead: expect.stringContaining("leave NOT VALID out"),
    });
  });
});

it("a rename is no finding where the file says that no older code is left", () => {
  expect(rulesOf(`${CONTRACT}ALTER TABLE a RENAME TO b`)).toEqual([]);
  expect(findingsOf([`${CONTRACT}ALTER TABLE a RENAME COLUMN x TO y`]).map(({ rule }) => rule)).toEqual([]);
});

describe("HG810", () => {
  const rules = (files: readonly string[], down?: string) => findingsOf(files, down).map(({ rule }) => rule);

  it.each([
    "ALTER TABLE a ALTER COLUMN x DROP DEFAULT",
    "SELECT 1; REVOKE SELECT ON a FROM r",
    "CREATE TABLE b (id int PRIMARY KEY); ALTER TABLE a ALTER COLUMN x DROP DEFAULT",
  ])("finds %s, but not where its way back is known or the file says its phase", (sql) => {
    expect(rules([sql])).toEqual(["HG810"]);
    expect(rules([sql], "SELECT 1")).toEqual([]);
    expect(rules([CONTRACT + sql])).toEqual([]);
  });

  it.each([
    ["ALTER TABLE a ADD COLUMN x int"],
    ["UPDATE a SET x = 1 WHERE y > 0"],
    ["CREATE TABLE b (id int PRIMARY KEY); ALTER TABLE b ALTER COLUMN id DROP DEFAULT"],
    ["CREATE TABLE b (id int PRIMARY KEY)", "ALTER TABLE b ALTER COLUMN id DROP DEFAULT"],
    ["CREATE TABLE b (id int PRIMARY KEY)", "DROP TABLE b"],
  ])("finds nothing in %s %s", (...files) => expect(rules(files)).toEqual([]));
});

it("odd names come out as SQL writes them", () => {
  const texts = findingsOf([
    'ALTER TABLE "a.b"."O\'Neil""s\nünïcode" DISABLE TRIGGER "T"',
    'ALTER TABLE "A" ADD COLUMN x int; UPDATE "A" SET x = 1 WHERE y > 0',
    "CREATE TABLE \"P\" PARTITION OF \"s.t\".\"E\" FOR VALUES FROM ('a)', 1) TO ('b'')', 2)",
  ]).map(({ danger, instead, table }) => `${danger} ${instead} ${table}`);
  expect(texts[0]).toContain('"a.b"."O\'Neil""s\nünïcode"');
  expect(texts[0]).toContain('sets off "T"');
  expect(texts[1]).toMatch(/read or write "A" until .* since line 1 \(ACCESS EXCLUSIVE lock\).* "A"$/);
  expect(texts[2]).toContain(
    "ALTER TABLE \"s.t\".\"E\" ATTACH PARTITION \"P\" FOR VALUES FROM ('a)', 1) TO ('b'')', 2)",
  );
});

it("names the table whose size decides", () => {
  const tableOf = (sql: string, rule: string) => findingsOf([sql]).find((one) => one.rule === rule)?.table;
  expect(tableOf("CLUSTER a USING i", "HG405")).toBe("a");
  expect(tableOf("VACUUM FULL a, b", "HG405")).toBeUndefined();
  expect(tableOf("REFRESH MATERIALIZED VIEW v", "HG407")).toBe("v");
  expect(tableOf("REFRESH MATERIALIZED VIEW v WITH NO DATA", "HG407")).toBeUndefined();
  expect(tableOf("ALTER TABLE a ATTACH PARTITION s.b DEFAULT", "HG502")).toBe("s.b");
  expect(tableOf("DELETE FROM s.a", "HG701")).toBe("s.a");
  expect(tableOf("ALTER TABLE a ADD COLUMN x int; UPDATE b SET x = 1 WHERE y > 0", "HG802")).toBe("b");
});

describe("in a folder", () => {
  async function inspect(files: Readonly<Record<string, string>>): Promise<readonly PlannedMigration[]> {
    const { path, remove } = folder(files);
    try {
      const all = listMigrations(path);
      return await inspectMigrations(await compileMigrations(all, all, path), {
        all,
        dir: path,
        ownSchema: "headgate",
      });
    } finally {
      remove();
    }
  }
  const ACCEPTED = '-- headgate: allow HG807 reason="our server takes it"\n';

  it("HG807: a file that does not parse is refused; accepted, it is sent as it is, and nobody knows what it does", async () => {
    await expect(inspect({ "001_a.sql": "CREATE TABEL a ()" })).rejects.toMatchObject({
      message: expect.stringContaining("001_a.sql:1"),
    });
    const migrations = await inspect({ "001_a.sql": `${ACCEPTED}CREATE TABEL a ()` });
    expect(migrations).toMatchObject([
      { migration: { phase: "unknown" }, leavesState: true, patient: false, findings: [[{ rule: "HG807", line: 2 }]] },
    ]);
    expect(migrations[0]?.findings[0]?.[0]?.accepted).toBe("our server takes it");
    expect(migrations[0]?.statements()).toBeUndefined();
  });

  it("HG807: without a transaction it cannot be accepted, for nobody can take it apart", async () => {
    const files = { "001_a.sql": `${NO_TRANSACTION}${ACCEPTED}CREATE TABEL a ()` };
    await expect(inspect(files)).rejects.toMatchObject({ id: "bad-migration-files" });
  });

  it("HG807: the plan shows it as what nobody has looked into, with the reason", async () => {
    const { path, remove } = folder({ "001_a.sql": `${ACCEPTED}CREATE TABEL a ()` });
    const { stdout } = await headgate(["plan", "--json", "--dir", path]);
    remove();
    expect(JSON.parse(stdout).migrations).toMatchObject([
      {
        phase: "unknown",
        statements: [],
        opaque: expect.stringMatching(/^HG807 accepted \(our server takes it\): .*"TABEL"$/),
      },
    ]);
  });

  it("HG814: an acknowledgement of no rule, and one that finds nothing in the file", async () => {
    const allow = (rule: string) => `-- headgate: allow ${rule} reason="so"\n`;
    const [first] = await inspect({ "001_a.sql": `SELECT 1;\n${allow("HG999")}${allow("HG101")}` });
    expect(first?.findings.flat()).toMatchObject([
      { rule: "HG814", line: 2, danger: "allow HG999 accepts nothing: there is no rule HG999" },
      { rule: "HG814", line: 3, danger: "allow HG101 accepts nothing: HG101 finds nothing in this file" },
    ]);
  });

  it("HG814: silent for a rule of the whole file, and for one that is only silent because the set makes the table", async () => {
    const migrations = await inspect({
      "001_a.sql": "CREATE TABLE a (id int PRIMARY KEY);",
      "002_b.sql": '-- headgate: allow HG701 reason="ten rows"\nUPDATE a SET id = 1;',
      "003_c.sql": "-- headgate: allow HG804 reason=\"only here\"\nSET work_mem = '1MB';",
    });
    expect(
      migrations.flatMap(({ findings }) => findings.flat().map(({ rule, accepted }) => ({ rule, accepted }))),
    ).toEqual([{ rule: "HG804", accepted: "only here" }]);
  });
});
