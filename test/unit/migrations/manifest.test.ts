import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listMigrations } from "../../../agent/migrations/listing.ts";
import { compileMigrations, loadMigrations } from "../../../agent/migrations/load.ts";
import { MANIFEST, readIndex, writeManifest } from "../../../agent/migrations/manifest.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-manifest-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(dir, name), text);

async function compiled(): Promise<void> {
  write("1_a.sql", "SELECT 1;\n");
  write("2_b.up.sql", "SELECT 'ü';\n");
  write("2_b.down.sql", "SELECT 3;\n");
  write("10_c.sql", "SELECT 4;\n");
  const files = listMigrations(dir);
  await writeManifest(dir, await compileMigrations(files, files, dir));
}

it("a manifest that is not JSON is refused as stale, and none is none", () => {
  expect(readIndex(dir)).toBeUndefined();
  write(MANIFEST, "{");
  expect(() => readIndex(dir)).toThrow("it is not JSON");
  write(MANIFEST, '{"format":1,"entries":[]}');
  expect(() => readIndex(dir)).toThrow("another version");
});

describe("a folder with a manifest", () => {
  it("is listed from it, in order, and gives the same migrations as the files themselves", async () => {
    await compiled();
    const files = listMigrations(dir);
    expect(files.map(({ name, stamped }) => [name, stamped])).toEqual([
      ["1_a", true],
      ["2_b", true],
      ["10_c", true],
    ]);
    const [, second] = files;
    expect(await loadMigrations(second === undefined ? [] : [second], files, dir)).toMatchObject([
      { name: "2_b", up: { sql: "SELECT 'ü';\n" }, down: "SELECT 3;\n", paths: second?.paths },
    ]);
  });

  it("is listed from it beside a folder and a dot file, which are no migrations", async () => {
    await compiled();
    mkdirSync(join(dir, "notes"));
    write(".gitkeep", "");
    expect(listMigrations(dir).map(({ stamped }) => stamped)).toEqual([true, true, true]);
  });

  it("is hashed anew when a link was added", async () => {
    await compiled();
    symlinkSync("1_a.sql", join(dir, "11_d.sql"));
    expect(listMigrations(dir).map(({ stamped }) => stamped)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("is hashed anew when a file has another time, and refused when it has other bytes", async () => {
    await compiled();
    utimesSync(join(dir, "1_a.sql"), 1, 1);
    const touched = listMigrations(dir);
    expect(touched.map(({ stamped }) => stamped)).toEqual([undefined, undefined, undefined]);
    expect(await loadMigrations(touched, touched, dir)).toHaveLength(3);
    write("1_a.sql", "SELECT 9;\n");
    utimesSync(join(dir, "1_a.sql"), 1, 1);
    await expect(loadMigrations(touched, listMigrations(dir), dir)).rejects.toThrow("1_a was added or changed");
  });

  it("never runs a file whose bytes are others, whatever its size and time say", async () => {
    write("1_a.sql", "SELECT 1;\n");
    utimesSync(join(dir, "1_a.sql"), 1, 1);
    const files = listMigrations(dir);
    await writeManifest(dir, await compileMigrations(files, files, dir));
    write("1_a.sql", "SELECT 2;\n");
    utimesSync(join(dir, "1_a.sql"), 1, 1);
    const listed = listMigrations(dir);
    expect(listed).toMatchObject([{ stamped: true }]);
    await expect(loadMigrations(listed, listed, dir)).rejects.toThrow("1_a was added or changed");
  });

  it("is refused when a file was added or is gone since", async () => {
    await compiled();
    write("11_d.sql", "SELECT 5;\n");
    const more = listMigrations(dir);
    await expect(loadMigrations(more, more, dir)).rejects.toThrow("11_d was added or changed");
    rmSync(join(dir, "11_d.sql"));
    rmSync(join(dir, "10_c.sql"));
    const fewer = listMigrations(dir);
    await expect(loadMigrations(fewer, fewer, dir)).rejects.toThrow("a file is gone");
  });
});
