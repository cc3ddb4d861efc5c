import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildBundle } from "../support/bundle.ts";

const bundle = mkdtempSync(join(tmpdir(), "headgate-start-"));
const migrations = join(bundle, "migrations");
beforeAll(() => {
  buildBundle(bundle);
  mkdirSync(migrations);
  writeFileSync(join(migrations, "1_first.sql"), "SELECT 1;\n");
  writeFileSync(join(migrations, "2_second.mjs"), 'export const up = (pgm) => pgm.sql("SELECT 2");\n');
}, 60_000);
afterAll(() => rmSync(bundle, { recursive: true }));

const compiledFiles = () =>
  readdirSync(bundle)
    .filter((name) => name.endsWith(".compiled"))
    .map((name) => join(bundle, name));

/** Reads a migration in JavaScript too: Node itself has to load that. */
function start() {
  const args = [join(bundle, "main.js"), "compile", "--dir", migrations];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, said: stdout + stderr };
}

it("takes what is compiled of each of its files", () => {
  const sources = readdirSync(bundle).filter((name) => name.endsWith(".js") && name !== "main.js");
  expect(sources.length).toBeGreaterThan(50);
  for (const name of sources) {
    const filename = join(bundle, name);
    const cachedData = readFileSync(`${filename}.compiled`);
    const { cachedDataRejected } = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
    expect([name, cachedDataRejected]).toEqual([name, false]);
  }
});

it.each([
  ["as it is compiled", () => undefined],
  ["that another Node has compiled", (path: string) => writeFileSync(path, "of another version")],
  ["whose compiling ended half-way", (path: string) => truncateSync(path, 9)],
  ["that nobody has compiled", (path: string) => rmSync(path)],
])("runs a bundle %s", (_what, change) => {
  for (const path of compiledFiles()) change(path);
  expect(start()).toEqual({ status: 0, said: expect.stringMatching(/^2 migrations parsed and in order.*\n$/) });
});
