import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const FOLDER = ".github/workflows";
const workflows = readdirSync(join(ROOT, FOLDER)).map((name) => ({ name, text: read(join(FOLDER, name)) }));
const all = workflows.map(({ text }) => text).join("\n");

it("every action is pinned to a commit, the same one everywhere, and says which version that is", () => {
  const uses = [...all.matchAll(/\buses: ([^./\s][^@\s]*)@(.*)$/gm)].map(([, action = "", pin = ""]) => ({
    action,
    pin,
  }));
  expect(uses.length).toBeGreaterThan(10);
  expect(uses.filter(({ pin }) => !/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(pin))).toEqual([]);
  const actionOf = (action: string) => action.split("/").slice(0, 2).join("/");
  const pins = new Set(uses.map(({ action, pin }) => `${actionOf(action)} ${pin}`));
  expect(pins.size).toBe(new Set(uses.map(({ action }) => actionOf(action))).size);
});

it("no workflow has a permission of its own, and only a release can write anything that people install", () => {
  for (const { name, text } of workflows) {
    const { permissions, jobs } = parse(text);
    expect(permissions, name).toEqual({});
    const granted = Object.values<{ permissions?: object }>(jobs).map((job) => job.permissions);
    expect(granted, name).not.toContain(undefined);
    if (name !== "release.yaml") expect(JSON.stringify(granted)).not.toMatch(/"(contents|packages)":"write"/);
    // signatures and npm take the workflow's own identity
    expect(text.match(/\bsecrets\.\w+/g) ?? [], name).toEqual([]);
  }
});

it("the scripts that workflows and .ci/run call are there", () => {
  const called = `${all}\n${read(".ci/run")}`;
  const files = [...called.matchAll(/\bnode (\.ci\/[\w-]+\.ts)/g)].map(([, file = ""]) => file);
  const scripts = [...called.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, script = ""]) => script);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  expect(scripts.filter((script) => !(script in JSON.parse(read("package.json")).scripts))).toEqual([]);
  expect(files).toContain(".ci/stamp-chart.ts");
});

it("whoever proposes updates looks at every Go module", () => {
  const modules = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("/go.mod"))
    .map((path) => `/test/${path.replace("/go.mod", "")}`);
  const updates: { "package-ecosystem": string; directories?: string[] }[] = parse(
    read(".github/dependabot.yml"),
  ).updates;
  const looked = updates.find((update) => update["package-ecosystem"] === "gomod")?.directories;
  expect(looked).toEqual(modules.sort());
});

it("SECURITY.md has people check the identity that signs", () => {
  const text = read("SECURITY.md");
  const issuer = "https://token.actions.githubusercontent.com";
  expect(text).toContain("/.github/workflows/release.yaml@refs/tags/v$VERSION");
  for (const one of [text, read(join(FOLDER, "release.yaml"))]) expect(one).toContain(issuer);
  for (const [, path = ""] of text.matchAll(/\]\(([^)#]+)\)/g)) expect(existsSync(join(ROOT, path)), path).toBe(true);
  for (const [, path = ""] of read("docs/security.md").matchAll(/\]\(([^)#]+)\)/g))
    expect(existsSync(join(ROOT, "docs", path)), path).toBe(true);
});
