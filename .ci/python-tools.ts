import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../test/cluster/harness/paths.ts";
import { run } from "../test/cluster/harness/run.ts";

const PACKAGES = { yamllint: "1.37.1", yamale: "6.0.0", zizmor: "1.32.0" };

/** The programs of a Python environment of its own: what `ct lint` calls, and zizmor. */
export async function pythonTools(): Promise<string> {
  const folder = await cacheFolder(["python", ...Object.entries(PACKAGES).flat()].join("-"));
  if (existsSync(join(folder, "bin/zizmor"))) return join(folder, "bin");
  await run(["python3", "-m", "venv", folder]).catch(async () => {
    // Debian keeps the module in a package of its own.
    await run(["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"], { timeoutMs: 300_000 });
    await run(["python3", "-m", "venv", "--clear", folder]);
  });
  const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}==${version}`);
  await run([join(folder, "bin/pip"), "install", "--quiet", ...wanted], { timeoutMs: 300_000 });
  return join(folder, "bin");
}
