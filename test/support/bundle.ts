import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { compileBundle } from "../../.ci/compile-bundle.ts";

export const ROOT = join(import.meta.dirname, "../..");

/** Builds the agent of the checkout at `root` into the folder `outdir`, and compiles it as an image does. */
export function buildBundle(outdir: string, root = ROOT): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, ".ci/build.ts")], {
    env: { ...process.env, HEADGATE_BUILD_DIR: outdir },
    encoding: "utf8",
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`.ci/build.ts ended with ${status}: ${stderr}`);
  compileBundle(outdir);
}
