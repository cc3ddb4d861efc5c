import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const AGENT = join(import.meta.dirname, "../../agent");
const sources = readdirSync(AGENT, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(AGENT, path), "utf8") }));
const where = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

it("no text becomes code", () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(where(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(/)).toEqual([]);
  // the one runs the bundle's own files, the other asks V8 for its garbage collector, by one fixed word
  expect(where(/["'](node:)?vm["']/).sort()).toEqual(["lib/garbage.ts", "start.ts"]);
});

it("programs are started with a list of arguments, never through a shell", () => {
  const WITHOUT_SHELL = ["spawn", "spawnSync", "execFile", "execFileSync"];
  const users = sources.filter(({ text }) => /["'](node:)?child_process["']/.test(text));
  expect(users.length).toBeGreaterThan(0);
  for (const { path, text } of users) {
    const mentions = text.match(/["'](node:)?child_process["']/g) ?? [];
    const imports = [...text.matchAll(/\{([^{}]*)\} (?:from |= await import\()["']node:child_process["']/g)];
    expect(imports.length, `${path} names what it takes from child_process`).toBe(mentions.length);
    const values = imports.flatMap(([, names = ""]) => names.split(",").map((name) => name.trim()));
    const taken = values.filter((name) => name !== "" && !name.startsWith("type "));
    expect(
      taken.filter((name) => !WITHOUT_SHELL.includes(name)),
      path,
    ).toEqual([]);
    expect(text, path).not.toMatch(/\bshell\s*:/);
  }
});

it("TLS is never switched off behind a setting's back", () => {
  expect(where(/NODE_TLS_REJECT_UNAUTHORIZED|rejectUnauthorized: false/)).toEqual([]);
});
