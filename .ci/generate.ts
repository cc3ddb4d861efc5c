import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { valuesSchema } from "../agent/settings/schema/index.ts";
import { chartReadme } from "./generate/chart-readme.ts";
import { permissionsPage } from "./generate/permissions-page.ts";
import { rulesReadme } from "./generate/rules-readme.ts";
import { sinksPage } from "./generate/sinks-page.ts";
import { valuesYaml } from "./generate/values-yaml.ts";
import { verifyPage } from "./generate/verify-page.ts";
import { licencesPage, shippedHere } from "./licences.ts";

const root = join(import.meta.dirname, "..");

/** What is generated from the settings' schema, the rules and the bundle: the file, and how to write it. */
const outputs: Readonly<Record<string, () => string | Promise<string>>> = {
  "chart/values.schema.json": () => `${JSON.stringify(valuesSchema, null, 2)}\n`,
  "chart/values.yaml": valuesYaml,
  "chart/README.md": () => chartReadme(readFileSync(join(root, ".ci/generate/chart-readme.md"), "utf8")),
  "docs/rules/README.md": rulesReadme,
  "docs/sinks.md": () => sinksPage(readFileSync(join(root, "docs/sinks.md"), "utf8")),
  "docs/permissions.md": permissionsPage,
  "docs/licences.md": async () => licencesPage(await shippedHere()),
  "docs/verify.md": () => verifyPage(readFileSync(join(root, "docs/verify.md"), "utf8")),
};

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

const { values: flags } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const rendered = Object.entries(outputs).map(async ([path, render]) => {
  return { path, file: join(root, path), text: await render() };
});
const drifted = (await Promise.all(rendered)).filter(({ file, text }) => readIfThere(file) !== text);

if (flags.check) {
  for (const { path } of drifted) process.stderr.write(`${path} is not what its source says\n`);
  if (drifted.length > 0) process.stderr.write("Run: node .ci/generate.ts\n");
  process.exitCode = drifted.length > 0 ? 1 : 0;
} else {
  for (const { path, file, text } of drifted) {
    writeFileSync(file, text);
    process.stdout.write(`${path}\n`);
  }
}
