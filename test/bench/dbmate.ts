import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cluster/harness/paths.ts";
import type { Found, Peer } from "./peer.ts";

const dbmate = (program: string): Peer => ({
  name: "dbmate",
  command: ({ dbmateDir, url }) => ({
    program,
    args: ["--url", url, "--migrations-dir", dbmateDir, "--no-dump-schema", "migrate"],
    env: {},
  }),
  appliedSql: "SELECT count(*)::int AS applied FROM schema_migrations",
});

/** One platform's native program: the package that brings all of them cannot be locked where one platform's is missing. */
const PACKAGE = `@dbmate/${process.platform}-${process.arch}`;
const VERSION = "2.36.0";

/** Where the program lies after its package was installed, once, outside the checkout. Throws what npm said. */
async function install(): Promise<string> {
  const target = join(await cacheFolder("tools"), `dbmate-${VERSION}-${process.platform}-${process.arch}`);
  if (!existsSync(target)) {
    const scratch = mkdtempSync(`${target}.`);
    const args = [
      "install",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--prefix",
      scratch,
      `${PACKAGE}@${VERSION}`,
    ];
    const { status, stderr, error } = spawnSync("npm", args, { encoding: "utf8", timeout: 5 * 60_000 });
    if (status !== 0) {
      rmSync(scratch, { recursive: true, force: true });
      throw new Error(error?.message ?? stderr.trim().split("\n").at(-1) ?? "npm install failed");
    }
    renameSync(scratch, target);
  }
  return join(target, "node_modules", PACKAGE, "bin", process.platform === "win32" ? "dbmate.exe" : "dbmate");
}

export async function findDbmate(): Promise<Found> {
  try {
    const program = await install();
    const { status } = spawnSync(program, ["--version"], { timeout: 10_000 });
    if (status !== 0) throw new Error("it does not run here");
    const footnote = "dbmate: the native program, `dbmate migrate` without the dump of the schema.";
    return { peer: dbmate(program), version: `dbmate ${VERSION}`, footnote };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { peer: undefined, version: undefined, footnote: `dbmate: ${why}, so it was not measured.` };
  }
}
