// node .ci/stamp-chart.ts --repository OWNER/NAME --image REGISTRY/NAME --digest sha256:…: what only a release knows is
// written into the chart before it is packaged: where its image is, what Artifact Hub shows. Prints the notes of the release.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseDocument, stringify } from "yaml";
import { type Change, changesOf, sectionOf } from "./changelog.ts";

const text = { type: "string", default: "" } as const;
const root = { type: "string", default: join(import.meta.dirname, "..") } as const;
const { values: given } = parseArgs({ options: { root, repository: text, image: text, digest: text } });
const inRoot = (path: string): string => join(given.root, path);
const read = (path: string): string => readFileSync(inRoot(path), "utf8");
const source = `https://github.com/${given.repository}`;

/** Replaces one line, which has to be there. */
function replaced(content: string, line: string, other: string): string {
  if (!content.includes(`\n${line}\n`)) throw new Error(`chart/values.yaml has no line "${line}".`);
  return content.replace(`\n${line}\n`, () => `\n${other}\n`);
}

function annotations(version: string, changes: readonly Change[]): Readonly<Record<string, string>> {
  const file = (path: string): string => `${source}/blob/v${version}/${path}`;
  return {
    changes: stringify(changes, { lineWidth: 0 }),
    containsSecurityUpdates: String(changes.some(({ kind }) => kind === "security")),
    images: stringify([{ name: "headgate", image: `${given.image}:${version}@${given.digest}` }]),
    links: stringify([
      { name: "What has changed", url: file("CHANGELOG.md") },
      { name: "Security", url: file("SECURITY.md") },
      { name: "Threat model", url: file("docs/security.md") },
      { name: "Licences of what is shipped", url: file("docs/licences.md") },
    ]),
    prerelease: String(version.includes("-")),
  };
}

for (const name of ["repository", "image", "digest"] as const)
  if (given[name] === "") throw new Error(`--${name} is missing.`);

const { version } = JSON.parse(read("package.json"));
const changelog = read("CHANGELOG.md");
const notes = sectionOf(changelog, version);
const values = replaced(read("chart/values.yaml"), "  repository: headgate", `  repository: ${given.image}`);
const chart = parseDocument(read("chart/Chart.yaml"));
chart.set("home", source);
chart.set("sources", [source]);
for (const [name, value] of Object.entries(annotations(version, changesOf(changelog, version))))
  chart.setIn(["annotations", `artifacthub.io/${name}`], value);

writeFileSync(inRoot("chart/values.yaml"), values);
writeFileSync(inRoot("chart/Chart.yaml"), chart.toString({ lineWidth: 0 }));
process.stdout.write(`${notes}\n`);
