// What lets a change in, or a release out: workflows (actionlint, zizmor), shell scripts (shellcheck), secrets in the
// repository's whole history (gitleaks). None of them asks the network.
import { join } from "node:path";
import { repository } from "../test/cluster/harness/paths.ts";
import { type RunResult, run } from "../test/cluster/harness/run.ts";
import { lintTools } from "../test/cluster/harness/tools.ts";
import { pythonTools } from "./python-tools.ts";

/** Where the shell scripts without a name that says so are. */
const SCRIPTS = [".ci/run", "examples/pull-request/pre-commit", "examples/pull-request/review.sh"];
const EXAMPLE = "examples/pull-request/migrations.yaml";

async function withShellcheck(): Promise<void> {
  await run(["shellcheck", "--version"]).catch(() =>
    run(["apt-get", "install", "-y", "--no-install-recommends", "shellcheck"], { timeoutMs: 300_000 }),
  );
}

const [tools, python] = await Promise.all([lintTools(), pythonTools(), withShellcheck()]);

const linters: readonly (readonly string[])[] = [
  ["shellcheck", ...SCRIPTS],
  [join(tools, "actionlint")],
  [join(tools, "actionlint"), EXAMPLE],
  [join(python, "zizmor"), "--offline", "--quiet", "--persona", "auditor", ".github", EXAMPLE],
  [join(tools, "gitleaks"), "git", "--config", ".ci/gitleaks.toml", "--no-banner", "--redact", "--verbose", "."],
];

async function lint(argv: readonly string[]): Promise<RunResult> {
  return await run(argv, { cwd: repository, env: { NO_COLOR: "1" }, mayFail: true });
}

for (const argv of linters) {
  const { code, stdout, stderr } = await lint(argv);
  if (code === 0) continue;
  process.stdout.write(`${argv.join(" ")} ended with ${code}:\n${stdout}${stderr}\n`);
  process.exitCode = 1;
}
