import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import fc from "fast-check";
import { getMigrationFilePaths } from "node-pg-migrate/migration";
import { afterEach, describe, expect, it } from "vitest";
import { compareNames, listMigrations, migrationName, samePrefix } from "../../../agent/migrations/listing.ts";

const folders: string[] = [];
function folderOf(names: readonly string[]): string {
  const path = mkdtempSync(join(tmpdir(), "headgate-listing-"));
  folders.push(path);
  for (const name of names) writeFileSync(join(path, name), "SELECT 1;");
  return path;
}
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true });
});

const prefix = fc.oneof(
  fc.nat(9_999).map(String),
  fc.nat(9_999).map((number) => String(number).padStart(4, "0")),
  fc.integer({ min: 1_400_000_000_000, max: 1_900_000_000_000 }).map(String),
  fc
    .date({ min: new Date("2014-01-01"), max: new Date("2033-01-01"), noInvalidDate: true })
    .map((date) => date.toISOString().replace(/\D/g, "")),
);
const rest = fc.stringMatching(/^[a-z0-9]([a-z0-9 ._+@=,()-]{0,10}[a-z0-9])?$/);
const name = fc
  .tuple(prefix, fc.constantFrom("_", "-"), rest, fc.constantFrom(".sql", ".js", ".mjs", ".ts"))
  .map((parts) => parts.join(""))
  .filter((file) => !/\.(up|down)\.sql$/.test(file));

describe("listMigrations", () => {
  it("has node-pg-migrate's own order, whatever the names are", async () => {
    const sets = fc.uniqueArray(name, { maxLength: 12, selector: migrationName });
    await fc.assert(
      fc.asyncProperty(sets, async (names) => {
        const dir = folderOf(names);
        const theirs = await getMigrationFilePaths(dir, { logger: console });
        const ours = listMigrations(dir).map((file) => basename(file.paths[0] ?? ""));
        expect(ours).toEqual(theirs.map((path) => basename(path)));
      }),
      { numRuns: 60 },
    );
  });

  it("takes a pair for one migration, and orders it as the single file it replaces", () => {
    const dir = folderOf(["002_b.sql", "001_a.up.sql", "001_a.down.sql", "003_c.up.sql"]);
    expect(listMigrations(dir).map(({ name: one, kind }) => [one, kind])).toEqual([
      ["001_a", "pair"],
      ["002_b", "sql"],
      ["003_c", "pair"],
    ]);
  });

  it("passes over what begins with a dot", () => {
    expect(listMigrations(folderOf([".headgate-manifest.json", ".gitkeep", "001_a.sql"]))).toHaveLength(1);
  });
});

describe("compareNames", () => {
  it("is an order, also with names that have no number", () => {
    const any = fc.oneof(name.map(migrationName), fc.string({ maxLength: 8 }));
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        expect(Math.sign(compareNames(a, b)) + Math.sign(compareNames(b, a))).toBe(0);
        if (compareNames(a, b) < 0 && compareNames(b, c) < 0) expect(compareNames(a, c)).toBeLessThan(0);
      }),
    );
  });
});

describe("samePrefix", () => {
  it("finds numbers that are the same, written in whatever way", () => {
    const groups = samePrefix(listMigrations(folderOf(["1_a.sql", "001_b.sql", "2_c.sql"])));
    expect(groups.map((group) => group.map((file) => file.name))).toEqual([["1_a", "001_b"]]);
  });

  it("takes two times of the form that headgate new writes, a millisecond apart, for two numbers", () => {
    expect(samePrefix(listMigrations(folderOf(["20260101120000120_a.sql", "20260101120000121_b.sql"])))).toEqual([]);
  });
});
