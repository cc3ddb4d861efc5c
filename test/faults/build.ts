import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bundle, VALUES } from "./agent.ts";

export const ROOT = join(import.meta.dirname, "../..");

/** Bundles the agent of the checkout at `root` into `home`. */
export function build(root: string, home: string): Bundle {
  const path = join(home, "bundle");
  const { status, stderr } = spawnSync(process.execPath, [join(root, ".ci/build.ts")], {
    env: { ...process.env, HEADGATE_BUILD_DIR: path },
    encoding: "utf8",
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`.ci/build.ts ended with ${status}: ${stderr}`);
  // The sweep is about something else than the danger of what it migrates.
  writeFileSync(join(path, VALUES), JSON.stringify({ plan: { refuse: "never" } }));
  return { path, compileCache: join(home, "compile-cache") };
}
