import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { rules } from "../../../agent/rules/index.ts";
import { headgate } from "../../support/headgate.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/migrations");
const filesOf = (folder: string): string[] => readdirSync(join(FIXTURES, folder)).sort();

/** 1010_HG101_words.sql: ten times the rule's number, and one more for each further file of it. */
const NAME = /^(\d{3})\d_HG\1_[a-z0-9_]+\.sql$/;

/** A folder as one set, by the command itself: the rules that find something, by file. */
async function linted(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout, stderr } = await headgate(["lint", join(FIXTURES, folder), "--json", "--fail-on", "never"]);
  expect(stderr).toBe("");
  const { findings }: { findings: readonly { readonly file: string; readonly rule: string }[] } = JSON.parse(stdout);
  const byFile = Map.groupBy(findings, ({ file }) => basename(file));
  return new Map([...byFile].map(([file, all]) => [file, all.map(({ rule }) => rule)]));
}

it("every rule about a file has one that is unsafe and at least one that is safe, and each file is one of a rule", () => {
  const ids = rules.map(({ id }) => id).sort();
  for (const folder of ["unsafe", "safe"]) {
    const files = filesOf(folder);
    expect(files.filter((file) => !NAME.test(file))).toEqual([]);
    expect([...new Set(files.map((file) => file.slice(5, 10)))]).toEqual(ids);
  }
  expect(filesOf("unsafe")).toHaveLength(ids.length);
});

it("the safe files, as one set, are found by no rule", async () => {
  expect(Object.fromEntries(await linted("safe"))).toEqual({});
});

it("each unsafe file, in one set with the others, is found by the rule that it is named after", async () => {
  const found = await linted("unsafe");
  const missed = filesOf("unsafe").filter((file) => found.get(file)?.includes(file.slice(5, 10)) !== true);
  expect(missed).toEqual([]);
});
