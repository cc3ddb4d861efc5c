import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FLAG } from "../../.ci/compile-bundle.ts";
import { buildBundle, inNode, withCompiler } from "../support/bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "headgate-start-"));
const [built, bundle, migrations] = [join(folder, "built"), join(folder, "bundle"), join(folder, "migrations")];
beforeAll(() => {
  buildBundle(built);
  mkdirSync(migrations);
  writeFileSync(join(migrations, "1_first.sql"), "SELECT 1;\n");
  writeFileSync(join(migrations, "2_second.mjs"), 'export const up = (pgm) => pgm.sql("SELECT 2");\n');
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  rmSync(bundle, { recursive: true, force: true });
  cpSync(built, bundle, { recursive: true });
});

const filesOf = (pattern: RegExp): string[] =>
  readdirSync(bundle)
    .filter((name) => pattern.test(name))
    .map((name) => join(bundle, name));

/** The one file that says what `start` looks for. */
function saying() {
  const [path = ""] = filesOf(/^compile-.*\.js$/);
  return { path, text: readFileSync(path, "utf8") };
}

/** Reads a migration in JavaScript too: Node itself has to load that. */
function start() {
  const args = [FLAG, join(bundle, "main.js"), "compile", "--dir", migrations];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, said: stdout + stderr };
}

const DONE = { status: 0, said: expect.stringMatching(/^2 migrations parsed and in order.*\n$/) };

describe("a bundle", () => {
  it("is taken as it is compiled, each of its files", () => {
    expect(filesOf(/\.compiled$/).length).toBeGreaterThan(50);
    const refused = withCompiler(`console.log(compiler.refusedIn(${JSON.stringify(bundle)}))`);
    expect(inNode([FLAG, ...refused])).toBe("[]\n");
    expect(start()).toEqual(DONE);
  });

  it("runs what is compiled of it, also where that is called late, and not its text", () => {
    const [path = ""] = filesOf(/^headgate-.*\.js$/);
    const text = readFileSync(path, "utf8");
    // As long as what it stands for: V8 asks for no more.
    writeFileSync(path, text.replace("neither DATABASE_URL", "NEITHER DATABASE_URL"));
    inNode(withCompiler(`compiler.compileBundle(${JSON.stringify(bundle)})`));
    writeFileSync(path, text);
    const args = [FLAG, join(bundle, "main.js"), "migrate", "--dir", migrations];
    const { stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env: {} });
    expect(stderr).toContain("NEITHER DATABASE_URL");
  });

  it.each([
    ["another Node has compiled it", (path: string) => writeFileSync(path, "of another version")],
    ["it was compiled half-way", (path: string) => truncateSync(path, 9)],
    ["nobody has compiled it", (path: string) => rmSync(path)],
  ])("runs also where %s", (_what, change) => {
    for (const path of filesOf(/\.compiled$/)) change(path);
    expect(start()).toEqual(DONE);
  });

  it("says what is written in it, in any alphabet", () => {
    const { path, text } = saying();
    writeFileSync(path, text.replace("parsed and in order", "разобраны · по порядку"));
    rmSync(`${path}.compiled`);
    expect(start().said).toContain("2 migrations разобраны · по порядку");
  });

  it.each([
    ["is not there", (path: string) => rmSync(path), /no such file.*run-/],
    ["fails", (path: string) => writeFileSync(path, "(() => { throw new Error('half-way') })"), /half-way/],
  ])("names a file that %s, whoever asks for it", (_what, change, named) => {
    for (const path of filesOf(/^run-/)) path.endsWith(".js") ? change(path) : rmSync(path);
    const args = [join(bundle, "main.js"), "migrate", "--dir", migrations];
    const env = { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" };
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env });
    expect({ status, stderr }).toEqual({ status: 70, stderr: expect.stringMatching(named) });
  });
});
