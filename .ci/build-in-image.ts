// Runs in the image's first stage. A context that holds the bundle is taken as it is; another is built from its lockfile.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

function run(program: string, ...args: string[]): void {
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
}

if (!existsSync("dist/main.js")) {
  run("npm", "ci", "--no-audit", "--no-fund");
  run("npm", "run", "build");
}
