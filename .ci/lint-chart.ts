// The chart through the eyes of those who publish charts: helm lint, and chart-testing with its two Python linters.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../test/cluster/harness/paths.ts";
import { run } from "../test/cluster/harness/run.ts";
import { lintTools } from "../test/cluster/harness/tools.ts";
import { chartDir, helmBinary } from "../test/support/tools.ts";

const root = join(import.meta.dirname, "..");
const lintModule = join(root, "test/cluster/lint");

/** A Python environment of its own with what `ct lint` calls. */
async function pythonLinters(): Promise<string> {
  const folder = await cacheFolder("python-yamllint-1.37.1-yamale-6.0.0");
  if (existsSync(join(folder, "bin/yamale"))) return join(folder, "bin");
  await run(["python3", "-m", "venv", folder]).catch(async () => {
    // Debian keeps the module in a package of its own.
    await run(["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"], { timeoutMs: 300_000 });
    await run(["python3", "-m", "venv", "--clear", folder]);
  });
  await run([join(folder, "bin/pip"), "install", "--quiet", "yamllint==1.37.1", "yamale==6.0.0"], {
    timeoutMs: 300_000,
  });
  return join(folder, "bin");
}

async function chartTesting(): Promise<void> {
  const [tools, python, helm] = await Promise.all([lintTools(), pythonLinters(), helmBinary()]);
  const { stdout } = await run(["go", "list", "-m", "-f", "{{.Dir}}", "github.com/helm/chart-testing/v3"], {
    cwd: lintModule,
  });
  const etc = join(stdout.trim(), "etc");
  const configs = ["--lint-conf", join(etc, "lintconf.yaml"), "--chart-yaml-schema", join(etc, "chart_schema.yaml")];
  const PATH = [tools, python, join(helm, ".."), process.env.PATH].join(":");
  const argv = [join(tools, "ct"), "lint", "--config", "ct.yaml", "--charts", "chart", ...configs];
  const { stdout: said, stderr, code } = await run(argv, { cwd: root, env: { PATH }, mayFail: true });
  process.stdout.write(said + stderr);
  process.exitCode = code;
}

const { stdout } = await run([await helmBinary(), "lint", "--strict", chartDir]);
process.stdout.write(stdout);
await chartTesting();
