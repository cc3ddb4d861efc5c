import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { childrenOf, type SchemaNode } from "../../.ci/generate/schema-tree.ts";
import { agentGroups, valuesSchema } from "../../agent/settings/schema/index.ts";
import { chartDir, helm } from "../support/tools.ts";
import { cases, database } from "./rendered.ts";

const root = join(chartDir, "..");

test("values.yaml, its schema and the README are what the settings' schema gives", async () => {
  const check = promisify(execFile)(process.execPath, [join(root, ".ci/generate.ts"), "--check"]);
  await expect(check).resolves.toMatchObject({ stderr: "" });
});

/** The defaults of a schema's tree, as a values file holds them. */
function defaultsOf(node: SchemaNode): unknown {
  const children = childrenOf(node);
  if (children.length === 0) return node.default;
  return Object.fromEntries(children.map(([key, child]) => [key, defaultsOf(child)]));
}

test("values.yaml holds every key with its default, the agent's groups first", async () => {
  const values = parse(await readFile(join(chartDir, "values.yaml"), "utf8")) as Record<string, unknown>;
  expect(values).toEqual(defaultsOf(valuesSchema));
  expect(Object.keys(values).slice(0, Object.keys(agentGroups).length)).toEqual(Object.keys(agentGroups));
});

test("every key of values.yaml has its comment, and no line is too long to read", async () => {
  const lines = (await readFile(join(chartDir, "values.yaml"), "utf8")).split("\n");
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
  for (const [key] of childrenOf(valuesSchema)) {
    const at = lines.findIndex((line) => line.startsWith(`${key}:`));
    expect(lines[at - 1], key).toMatch(/^# \S/);
  }
});

test("helm lint --strict finds nothing on the defaults, nor in any case", async () => {
  await expect(helm(["lint", "--strict", chartDir])).resolves.toBeDefined();
  for (const { options } of cases) {
    const files = (options.valuesFiles ?? []).flatMap((file) => ["--values", file]);
    const input = JSON.stringify({ database });
    await expect(helm(["lint", "--strict", chartDir, "--values", "-", ...files], input)).resolves.toBeDefined();
  }
});

test("the chart's version and that of the package move together", async () => {
  const chart = parse(await readFile(join(chartDir, "Chart.yaml"), "utf8")) as Record<string, unknown>;
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  expect(chart).toMatchObject({ version, appVersion: version });
});
