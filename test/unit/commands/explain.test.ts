import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogue, isErrorId } from "../../../agent/errors/catalogue.ts";
import { buildBundle, ROOT } from "../../support/bundle.ts";

const pageOf = (id: string): string => readFileSync(join(ROOT, "docs/errors", `${id}.md`), "utf8");

/** From another folder: the pages are found from where the program lies. */
function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "explain", ...args], {
    cwd: tmpdir(),
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const bundle = mkdtempSync(join(tmpdir(), "headgate-explain-"));
beforeAll(() => {
  buildBundle(join(bundle, "dist"));
  writeFileSync(join(bundle, "package.json"), `{ "type": "module" }\n`);
});
afterAll(() => rmSync(bundle, { recursive: true }));

describe.each([
  ["the checkout", join(ROOT, "agent/main.ts")],
  ["the bundle, as the image has it", join(bundle, "dist/main.js")],
])("explain in %s", (_where, program) => {
  it("prints the page of an error", () => {
    expect(run(program, "busy")).toEqual({ status: 0, stdout: pageOf("busy"), stderr: "" });
  });

  it("prints the page of a rule, which a finding names", () => {
    const page = readFileSync(join(ROOT, "docs/rules/HG101.md"), "utf8");
    expect(run(program, "HG101")).toEqual({ status: 0, stdout: page, stderr: "" });
    expect(run(program, "HG999")).toMatchObject({ status: 1, stderr: expect.stringContaining("no error, rule or") });
  });

  it("gives the catalogue's entry and the page as JSON", () => {
    const { stdout } = run(program, "busy", "--json");
    expect(JSON.parse(stdout)).toEqual({ id: "busy", ...catalogue.busy, page: pageOf("busy").trimEnd() });
  });
});

describe("explain", () => {
  it("lists every error, and the errors of an exit code", () => {
    const all = run(join(ROOT, "agent/main.ts")).stdout;
    for (const id of Object.keys(catalogue).filter(isErrorId)) expect(all).toContain(id);
    expect(run(join(ROOT, "agent/main.ts"), "4").stdout).toContain("busy, lock-not-available, out-of-time");
  });

  it("says so when its installation has lost a page", () => {
    rmSync(join(bundle, "dist/errors/busy.md"));
    const { status, stderr } = run(join(bundle, "dist/main.js"), "busy");
    expect({ status, stderr }).toMatchObject({
      status: 70,
      stderr: expect.stringContaining("this installation of Headgate has no page for busy"),
    });
  });

  it("refuses what is neither", () => {
    expect(run(join(ROOT, "agent/main.ts"), "bussy")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("did you mean busy?"),
    });
  });
});
