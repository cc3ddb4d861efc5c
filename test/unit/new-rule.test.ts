import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { folder } from "../support/headgate.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = [
  ".ci",
  "agent",
  "docs/rules",
  "test/fixtures",
  "test/support",
  "test/unit/rules",
  "test/unit/lists.test.ts",
];

let copy: ReturnType<typeof folder>;
beforeAll(() => {
  copy = folder({});
  for (const path of [...COPIED, "test/vitest.config.ts", "package.json", "biome.json"])
    cpSync(join(ROOT, path), join(copy.path, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy.path, "node_modules"));
});
afterAll(() => copy.remove());

const node = (...args: readonly string[]) =>
  spawnSync(process.execPath, args, { cwd: copy.path, encoding: "utf8", env: { PATH: process.env.PATH } });
const newRule = (...args: readonly string[]) => node(join(ROOT, ".ci/new-rule.ts"), "--root", copy.path, ...args);
const index = (): string => readFileSync(join(copy.path, "agent/rules/index.ts"), "utf8");

it("refuses what is no rule, and a rule that is there, and writes nothing", () => {
  const before = index();
  for (const wrong of [["HG91"], ["hg911"], ["../HG911"], ["HG911", "HG912"], []])
    expect(newRule(...wrong)).toMatchObject({ status: 1, stderr: expect.stringContaining("npm run new:rule HG911") });
  expect(newRule("HG101")).toMatchObject({ status: 1, stderr: "HG101 is there already; nothing was written\n" });
  expect(index()).toBe(before);
});

it("makes a rule that is in the list and whose tests are red", () => {
  for (const id of ["HG299", "HG911"]) {
    const { status, stdout, stderr } = newRule(id);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const path of stdout.split("\n").slice(0, 5)) expect(existsSync(join(copy.path, path))).toBe(true);
  }
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  expect(node(biome, "format", "--vcs-enabled=false", "agent/rules")).toMatchObject({ status: 0 });

  const report = join(copy.path, "report.json");
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const tests = [
    "--config",
    "test/vitest.config.ts",
    "--project",
    "unit",
    "--reporter",
    "json",
    "--outputFile",
    report,
  ];
  const only = ["-t", "HG911|every rule|each unsafe file|nothing is forgotten.* rules", "pages", "fixtures", "lists"];
  expect(node(vitest, "run", ...tests, ...only)).toMatchObject({ status: 1 });
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  const all: { fullName: string; status: string }[] = testResults.flatMap(
    ({ assertionResults }: { assertionResults: unknown[] }) => assertionResults,
  );
  const of = (status: string) => all.filter((one) => one.status === status).map(({ fullName }) => fullName);
  expect(of("failed")).toEqual([
    "each unsafe file, in one set with the others, is found by the rule that it is named after",
    "HG911 finds each example of its page, and nothing in what the page says to write instead",
  ]);
  expect(of("passed")).toHaveLength(4);
});
