import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describe, expect, it } from "vitest";
import type { Command } from "../../../agent/commands/command.ts";
import { commands } from "../../../agent/commands/index.ts";
import { catalogue, type ErrorId, isErrorId } from "../../../agent/errors/catalogue.ts";
import { exitCodes } from "../../../agent/errors/exit-codes.ts";
import { isRecord } from "../../../agent/lib/records.ts";
import { valuesSchema } from "../../../agent/settings/schema/index.ts";

const PAGES = join(import.meta.dirname, "../../../docs/errors");
const ids = Object.keys(catalogue).filter(isErrorId);
const files = readdirSync(PAGES).sort();
const read = (file: string): string => readFileSync(join(PAGES, file), "utf8");

/** Empty where there is none, which the first test tells. */
const pageOf = (id: ErrorId): string => (files.includes(`${id}.md`) ? read(`${id}.md`) : "");

/** The text under a heading of the second level, up to the next. */
const section = (page: string, title: string): string =>
  (page.split(/^## /m).find((one) => one.startsWith(`${title}\n`)) ?? "").slice(title.length);

/** Lines of the fenced blocks of one language. */
const block = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].flatMap(([, text = ""]) =>
    text.trimEnd().split("\n"),
  );

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

const child = (node: unknown, key: string): unknown => (isRecord(node) ? node[key] : undefined);

/** A key of the schema; below a mapping that Kubernetes defines, a key of its default. */
function isSetting(key: string): boolean {
  let node: unknown = valuesSchema;
  for (const part of key.split(".")) {
    const inner = child(node, "properties") ?? child(node, "default") ?? node;
    node = child(inner, part);
  }
  return node !== undefined;
}

/** Rejects options that the command does not have, and more arguments than it takes. */
function parse({ options, positionals = {} }: Command, args: readonly string[]): void {
  const known = Object.entries(options).map(([name, { type, alias }]) => [
    name,
    alias === undefined ? { type } : { type, short: alias },
  ]);
  const { positionals: found } = parseArgs({
    args: [...args],
    options: Object.fromEntries(known),
    allowPositionals: true,
  });
  const places = Object.values(positionals);
  expect(found.length).toBeLessThanOrEqual(places.some(({ array }) => array === true) ? found.length : places.length);
}

describe("the pages", () => {
  it("are one for each error of the catalogue, and an index", () => {
    expect(files).toEqual([...ids.map((id) => `${id}.md`), "README.md"].sort());
  });

  it("are listed in the index, each once, under the exit code that the catalogue gives", () => {
    const listed = read("README.md")
      .split(/^## Exit code /m)
      .slice(1)
      .map((text) => [text.split("\n")[0], [...text.matchAll(/^- \[(.+)\]\((.+)\.md\):/gm)].map((match) => match[2])]);
    const wanted = Object.entries(exitCodes)
      .filter(([code]) => code !== "0")
      .map(([code, { meaning }]) => [`${code}: ${meaning}`, ids.filter((id) => String(catalogue[id].exit) === code)]);
    expect(listed).toEqual(wanted);
  });
});

describe.each(ids)("the page of %s", (id) => {
  const { exit, meaning } = catalogue[id];
  const page = pageOf(id);

  it("begins with its name, its exit code, what the Job does then, and what it means", () => {
    expect(page.split("\n").slice(0, 4)).toEqual([
      `# ${id}`,
      "",
      `Exit code ${exit}. The Job: ${exitCodes[exit].job}.`,
      "",
    ]);
    expect(oneLine(page)).toContain(meaning);
  });

  it("shows the error as it is printed", () => {
    const printed = block(section(page, "As it is printed"), "text");
    expect(printed.filter((line) => line.startsWith(`error  ${id}: `))).toHaveLength(1);
    expect(printed.some((line) => line.startsWith("  Next: "))).toBe(true);
    expect(printed.at(-1)).toBe(`  Exit code ${exit} (${exitCodes[exit].meaning}). More: headgate explain ${id}`);
  });

  it("says what stands, what to do and which settings touch it, in 25 to 60 lines", () => {
    const titles = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(titles).toEqual(["As it is printed", "What stands", "What to do", "Settings"]);
    for (const title of titles) expect(section(page, title ?? "").trim()).not.toBe("");
    const lines = page.trimEnd().split("\n").length;
    expect(lines).toBeGreaterThanOrEqual(25);
    expect(lines).toBeLessThanOrEqual(60);
  });

  it("names settings that there are", () => {
    const named = [...section(page, "Settings").matchAll(/^- (`.+?`(?:, `.+?`)*):/gm)].flatMap(([, list = ""]) =>
      list.replaceAll("`", "").split(", "),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((key) => !isSetting(key))).toEqual([]);
  });

  it("gives commands that Headgate understands", async () => {
    const lines = block(page, "sh").filter((line) => line.startsWith("headgate ") && line !== "headgate --help");
    for (const line of lines) {
      const [, name, ...args] = line.split(" ");
      const found = commands.find((one) => one.name === name);
      expect(found, line).toBeDefined();
      if (found !== undefined && !args.includes("--help")) parse(await found.load(), args);
    }
    const set = block(page, "sh").flatMap((line) => [...line.matchAll(/--set ([\w.]+)=/g)].map(([, key = ""]) => key));
    expect(set.filter((key) => !isSetting(key))).toEqual([]);
  });

  it("links to pages that there are", () => {
    const targets = [...page.matchAll(/\]\((.+?)\)/g)].map((match) => match[1] ?? "");
    expect(targets.filter((target) => !files.includes(target))).toEqual([]);
  });
});
