import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** What another Node writes to its standard output, which has no flags but these. */
export function inNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

/** Flags and code that calls what .ci/compile-bundle.ts exports, as an image's build does: here V8 may have other flags. */
export const withCompiler = (code: string): string[] => {
  const compiler = JSON.stringify(join(ROOT, ".ci/compile-bundle.ts"));
  return ["--input-type=module", "-e", `import * as compiler from ${compiler}; ${code}`];
};

/** Builds the agent of the checkout at `root` into the folder `outdir`, and compiles it as an image does. */
export function buildBundle(outdir: string, root = ROOT): void {
  inNode([join(root, ".ci/build.ts")], { HEADGATE_BUILD_DIR: outdir });
  inNode(withCompiler(`compiler.compileBundle(${JSON.stringify(outdir)})`));
}
