import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { headgate } from "../support/headgate.ts";
import { useScene } from "./scene.ts";

const scene = useScene();
const MANIFEST = ".headgate-manifest.json";

const compile = async () => await headgate(["compile", "--dir", scene.files.path]);

/** compile refuses with code 1, writes nothing, and says all of `words`. */
async function expectRefused(...words: readonly string[]): Promise<string> {
  const { code, stderr } = await compile();
  for (const word of words) expect(stderr).toContain(word);
  expect(code).toBe(1);
  expect(existsSync(`${scene.files.path}/${MANIFEST}`)).toBe(false);
  return stderr;
}

describe("a migration file is refused with code 1 and its name when it", () => {
  it("is empty, binary or UTF-16", async () => {
    scene.files.write({
      "001_empty.sql": "\n  \n",
      "002_binary.sql": Buffer.from([0x53, 0x45, 0, 0x4c]),
      "003_wide.sql": Buffer.from("\ufeffSELECT 1;", "utf16le"),
    });
    await expectRefused("001_empty.sql: is empty", "002_binary.sql", "NUL byte at offset 2", "003_wide.sql: is UTF-16");
  });

  it("is Latin-1, with the offset of the byte in the file as it lies on the disk", async () => {
    scene.files.write({ "001_latin.sql": Buffer.from("SELECT 1;\nSELECT 'caf\xe9';\n", "latin1") });
    await expectRefused("001_latin.sql: is not UTF-8", "offset 21");
  });

  it("is Latin-1 with CRLF line ends, with the offset in the file as it lies on the disk", async () => {
    scene.files.write({ "001_latin.sql": Buffer.from("SELECT 1;\r\nSELECT 2;\r\nSELECT 'caf\xff';\r\n", "latin1") });
    await expectRefused("001_latin.sql: is not UTF-8", "offset 33");
  });

  it("has the name of another, or shares its number", async () => {
    scene.files.write({ "001_a.sql": "SELECT 1;", "001_a.mjs": "export const up = () => {};" });
    await expectRefused("001_a.mjs", "001_a.sql");
    scene.remove("001_a.mjs");
    scene.files.write({ "001_b.sql": "SELECT 1;" });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(1);
    expect(stderr).toContain("001_a and 001_b: share a number");
  });

  it("has a name that SQL or a shell could misread", async () => {
    scene.files.write({ "001_a'; DROP SCHEMA public CASCADE; --.sql": "SELECT 1;", "002_$(id).sql": "SELECT 1;" });
    await expectRefused("001_a'; DROP SCHEMA public CASCADE; --.sql", "002_$(id).sql", "letters, digits");
  });

  it("undoes nothing, is no migration, or has no number", async () => {
    scene.files.write({ "001_a.down.sql": "SELECT 1;", "README.md": "# Migrations", "orders.sql": "SELECT 1;" });
    await expectRefused(
      "001_a.down.sql: has no .up.sql beside it",
      "README.md: is no migration",
      "orders.sql: has no number",
    );
  });

  it("does not parse: line, caret and every bad file at once", async () => {
    scene.files.write({
      "001_good.sql": "SELECT 1;",
      "002_bad.sql":
        "-- Up Migration\nSELECT 'é😀漢', 2;\n\n  CREATE TABEL x (id int);\n-- Down Migration\nDROP TABLE x;\n",
      "003_worse.sql": "SELECT 'é😀' FROM ;\n",
      "004_open.sql": "SELECT 1;\nSELECT 'never closed;\n",
    });
    const stderr = await expectRefused(
      "3 problems",
      '002_bad.sql:4: syntax error at or near "TABEL"',
      "004_open.sql:2",
    );
    expect(stderr).toContain("  4 |   CREATE TABEL x (id int);\n               ^\n");
    expect(stderr).toContain("003_worse.sql:1: syntax error");
  });

  it("does not parse at the first word of a line, or of the file", async () => {
    scene.files.write({ "001_line.sql": "SELECT 1;\nSELEC 2;\n", "002_file.sql": "SELEC 1;\n" });
    const stderr = await expectRefused("001_line.sql:2: syntax error", "002_file.sql:1: syntax error");
    expect(stderr).toContain("  2 | SELEC 2;\n      ^\n");
  });

  it("holds a header that does not exist, or one with a wrong value", async () => {
    scene.files.write({
      "001_a.sql": "-- headgate: no-transactions\nSELECT 1;",
      "002_b.sql": "SELECT 1;\n-- headgate: lock-timeout=soon\nSELECT 2;",
      "003_c.sql": "-- headgate: allow HG211\nSELECT 1;",
      "004_d.sql": "-- headgate: phase=later\nSELECT 1;",
    });
    await expectRefused(
      '001_a.sql:1: unknown header "no-transactions"; known: no-transaction',
      "002_b.sql:2: lock-timeout",
      "003_c.sql:1: write allow HGnnn reason=",
      "004_d.sql:1: phase is expand or contract",
    );
  });

  it("holds a header in other letters, which would otherwise be passed over in silence", async () => {
    scene.files.write({ "001_a.sql": "-- Headgate: no-transaction\nSELECT 1;" });
    await expectRefused("001_a.sql:1");
  });

  it("is a script that throws or exports no up", async () => {
    scene.files.write({
      "001_throws.mjs": "export const up = () => { throw new Error('not today'); };",
      "002_none.mjs": "export const down = () => {};",
      "003_syntax.mjs": "export const up = (",
    });
    await expectRefused("001_throws.mjs", "not today", "002_none.mjs: exports no function `up`", "003_syntax.mjs");
  });
});

describe("the migration folder", () => {
  it("is named when it is not there", async () => {
    const { code, stderr } = await headgate(["migrate", "--dir", "/no/such/folder"], {
      DATABASE_URL: scene.database.url,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("/no/such/folder: there is no such folder");
  });

  it("may hold BOMs and CRLF: the checksum is that of the same file without", async () => {
    scene.files.write({ "001_a.sql": "\ufeffCREATE TABLE a (id int);\r\nSELECT 1;\r\n" });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    scene.files.write({ "001_a.sql": "CREATE TABLE a (id int);\nSELECT 1;\n" });
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
  });

  it("may hold a migration of 5 MB, and the agent stays below 300 MB", async () => {
    const row = `INSERT INTO big VALUES (1, '${"x".repeat(80)}');\n`;
    scene.files.write({
      "001_big.sql": `CREATE TABLE big (id int, text text);\n${row.repeat(Math.ceil(5_000_000 / row.length))}`,
    });
    const agent = scene.start("migrate");
    let peak = 0;
    const look = setInterval(() => {
      if (!existsSync(`/proc/${agent.process.pid}/status`)) return;
      const status = readFileSync(`/proc/${agent.process.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    }, 50);
    const result = await agent.result;
    clearInterval(look);
    expect(result).toMatchObject({ code: 0 });
    expect(peak / 1_024).toBeLessThan(300);
  });

  it("is compiled once; a file edited afterwards makes the manifest stale, and no run accepts that", async () => {
    scene.files.write({
      "001_a.sql": "CREATE TABLE a (id int);",
      "002_b.mjs": "export const up = (pgm) => pgm.sql('SELECT 1');",
    });
    expect(await compile()).toMatchObject({ code: 0 });
    scene.files.write({ "001_a.sql": "CREATE TABLE a (id bigint);" });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(1);
    expect(stderr).toContain("001_a was added or changed");
    expect(await compile()).toMatchObject({ code: 0 });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
  });

  it("may carry a manifest that is cut short: the run says so and how to mend it", async () => {
    scene.files.write({ "001_a.sql": "CREATE TABLE a (id int);", [MANIFEST]: '{"format":1,"migr' });
    const { code, stderr } = await scene.run("migrate");
    expect(code).toBe(1);
    expect(stderr).toContain("headgate compile");
  });

  it("may hold node-pg-migrate's own comment style, Down above Up, and headers above the marks", async () => {
    scene.files.write({
      "001_a.sql": "-- down migration\nDROP TABLE a;\n-- up migration of the shop\nCREATE TABLE a (id int);\n",
      "002_b.sql":
        "-- headgate: no-transaction\n---- Up Migration\nCREATE INDEX CONCURRENTLY b ON a (id);\n\n-- Down Migration",
    });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await scene.database.sql("SELECT down_kind, down_sql FROM headgate.history ORDER BY name")).toMatchObject([
      { down_kind: "stored", down_sql: expect.stringContaining("DROP TABLE a") },
      { down_kind: "stored", down_sql: 'DROP INDEX CONCURRENTLY IF EXISTS "b";' },
    ]);
  });
});
