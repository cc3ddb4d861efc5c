import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type RolldownOutput } from "rolldown";
import { beside, input, output } from "./bundle.ts";

const root = join(import.meta.dirname, "..");

/** A package of which code stands in the bundle or beside it. */
export interface Shipped {
  readonly name: string;
  readonly version: string;
  /** SPDX, as the package states it. */
  readonly licence: string;
  /** Its licence's text with the copyright line. */
  readonly text: string;
}

/** The text of its licence and notice files; where it has no licence file, what its README says under that heading. */
function textOf(folder: string): string {
  const names = readdirSync(folder).sort();
  const content = (name: string): string => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n");
  const files = names.filter((name) => /^((un)?licen[cs]e|copying|notice)/i.test(name));
  if (files.length > 0) return files.map(content).join("\n").trim();
  const readme = names.filter((name) => /^readme/i.test(name)).map(content);
  const [, section = ""] = readme.join("\n").split(/^#+ *licen[cs]e *$/im);
  const [own = ""] = section.split(/^#/m);
  return own.trim();
}

function read(folder: string): Shipped {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // Some packages of the AWS SDK hold no file; the text is that of our own.
  const text =
    textOf(folder) || (license === "Apache-2.0" ? "Under the Apache License, Version 2.0: see LICENSE." : "");
  if (text === "") throw new Error(`${name} ${version} cannot be shipped: its package holds no text of its licence.`);
  return { name, version, licence: license, text };
}

/** The packages of which at least one byte is shipped, by name and version. */
export function shipped(built: RolldownOutput): Shipped[] {
  const modules = built.output.flatMap((part) => (part.type === "chunk" ? Object.entries(part.modules) : []));
  const bundled = modules
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .flatMap(([id]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []);
  const folders = new Set([...bundled, ...beside.map((name) => join(root, "node_modules", name))]);
  const packages = [...folders].map(read);
  const byName = new Map(packages.map((one) => [`${one.name} ${one.version}`, one]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** What this checkout would ship. */
export async function shippedHere(): Promise<Shipped[]> {
  return shipped(await build({ ...input, output, write: false }));
}

const RULE = "-".repeat(80);

/** The file that goes with the bundle: every licence asks that its text does. */
export const notices = (packages: readonly Shipped[]): string =>
  `Headgate holds code of these packages, each under its own licence.\n\n${packages
    .map(({ name, version, licence, text }) => `${RULE}\n${name} ${version}: ${licence}\n\n${text}\n`)
    .join("\n")}`;

/** docs/licences.md */
export const licencesPage = (packages: readonly Shipped[]): string => `# Licences of what is shipped

Headgate is under [Apache-2.0](../LICENSE). The image and the npm package also hold code of ${packages.length} packages, each under
its own licence; the texts stand beside the agent, in the image under \`/app/dist/THIRD-PARTY.txt\`. libpg-query's WebAssembly
is compiled from libpg_query (BSD-3-Clause) and PostgreSQL's parser (PostgreSQL); jiti holds a compiled Babel (MIT). The image's
base brings Node.js, and its licences with it.

| package | version | licence |
| --- | --- | --- |
${packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`).join("\n")}
`;
