import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useScene } from "./scene.ts";

const CLI = join(import.meta.dirname, "..", "..", "node_modules", "node-pg-migrate", "bin", "node-pg-migrate.js");
const SQL = (table: string) =>
  `-- Up Migration\nCREATE TABLE ${table} (id int);\n\n-- Down Migration\nDROP TABLE ${table};\n`;
const scene = useScene({
  "001_a.sql": SQL("a"),
  "002_b.mjs": 'export const up = (pgm) => { pgm.createTable("b", { id: "id" }); };\n',
});

/** node-pg-migrate's own command line, on the scene's database and files. */
const cli = async (...args: readonly string[]): Promise<{ code: number; output: string }> =>
  await new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: tmpdir(), DATABASE_URL: scene.database.url };
    const argv = [CLI, ...args, "--migrations-dir", scene.files.path];
    execFile(process.execPath, argv, { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    );
  });

const tables = async () =>
  (await scene.database.sql("SELECT relname FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd') ORDER BY 1")).map(
    (row) => row.relname,
  );

describe("node-pg-migrate's own CLI and Headgate take turns", () => {
  it("what the CLI applied counts as applied, and Headgate goes on from there", async () => {
    expect(await cli("up")).toMatchObject({ code: 0 });
    scene.files.write({ "003_c.sql": SQL("c") });
    expect(await scene.json("status")).toMatchObject({
      applied: [{ name: "001_a" }, { name: "002_b" }],
      pending: [{ name: "003_c" }],
    });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await scene.run("verify")).toMatchObject({ code: 0 });
    expect(
      await scene.database.sql(
        "SELECT name, checksum IS NULL AS imported, down_kind FROM headgate.history ORDER BY sequence",
      ),
    ).toEqual([
      { name: "001_a", imported: true, down_kind: "unknown" },
      { name: "002_b", imported: true, down_kind: "unknown" },
      { name: "003_c", imported: false, down_kind: "stored" },
    ]);
  });

  it("what Headgate applied is nothing to do for the CLI, whose order check is content", async () => {
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    const nothing = await cli("up", "--check-order");
    expect(nothing).toMatchObject({ code: 0, output: expect.stringContaining("No migrations to run!") });
    scene.files.write({ "003_c.sql": SQL("c") });
    expect(await cli("up", "--check-order")).toMatchObject({ code: 0 });
    scene.files.write({ "004_d.sql": SQL("d") });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await cli("up", "--check-order")).toMatchObject({
      code: 0,
      output: expect.stringContaining("No migrations to run!"),
    });
    expect((await scene.database.sql("SELECT name FROM pgmigrations ORDER BY id")).map((row) => row.name)).toEqual([
      "001_a",
      "002_b",
      "003_c",
      "004_d",
    ]);
  });

  it("what the CLI took down again is pending, in status too, and migrate applies it anew", async () => {
    scene.files.write({ "003_c.sql": SQL("c") });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    expect(await cli("down")).toMatchObject({ code: 0 });
    expect(await tables()).toEqual(["a", "b"]);
    expect((await scene.json("status")).pending).toEqual([{ name: "003_c" }]);
    const again = await scene.run("migrate");
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining("undone outside of Headgate") });
    expect(await tables()).toEqual(["a", "b", "c"]);
    expect(await cli("down", "2")).toMatchObject({ code: 0 });
    expect((await scene.json("status")).pending).toEqual([{ name: "002_b" }, { name: "003_c" }]);
  });
});
