// The chart through the eyes of those who publish charts: helm lint, chart-testing with its two Python linters, kube-score.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../test/cluster/harness/run.ts";
import { lintTools } from "../test/cluster/harness/tools.ts";
import { chartDir, helm, helmBinary } from "../test/support/tools.ts";
import { pythonTools } from "./python-tools.ts";

const root = join(import.meta.dirname, "..");
const lintModule = join(root, "test/cluster/lint");

async function chartTesting(): Promise<void> {
  const [tools, python, helm] = await Promise.all([lintTools(), pythonTools(), helmBinary()]);
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

/** What kube-score asks for and this chart leaves out, each for a reason. */
const LEFT_OUT = [
  // a tag is immutable here, so what the node holds is what was asked for
  "container-image-pull-policy",
  // nothing can grow: the root is read-only and every emptyDir has a sizeLimit
  "container-ephemeral-storage-request-and-limit",
  // the chart does not know where the database is
  "pod-networkpolicy",
];
const LEFT_OUT_IN: Readonly<Record<string, readonly string[]>> = {
  // a sidecar of the user's own, and OpenShift gives the user id
  "levers-values.yaml": [
    "container-security-context-user-group-id",
    "container-security-context-readonlyrootfilesystem",
    "container-resources",
  ],
  "openshift-values.yaml": ["container-security-context-user-group-id"],
  // suspended: the clock never starts them
  "manual-values.yaml": ["cronjob-has-deadline"],
};

async function kubeScore(): Promise<void> {
  const tool = join(await lintTools(), "kube-score");
  // A CPU that is throttled holds its locks longer; the request and the limit of memory are asked for.
  const flags = ["--exit-one-on-warning", "--ignore-container-cpu-limit", "--output-format", "ci"];
  for (const file of readdirSync(join(chartDir, "ci"))) {
    const ignored = [...LEFT_OUT, ...(LEFT_OUT_IN[file] ?? [])].flatMap((test) => ["--ignore-test", test]);
    const args = ["template", "shop", chartDir, "--set", "database.existingSecret=db", "--values"];
    const { stdout: input } = await helm([...args, join(chartDir, "ci", file)]);
    const { stdout, code } = await run([tool, "score", ...flags, ...ignored, "-"], { input, mayFail: true });
    if (code === 0) continue;
    const found = stdout.split("\n").filter((line) => /^\[(CRITICAL|WARNING)\]/.test(line));
    process.stdout.write(`kube-score, ${file}:\n${found.join("\n")}\n`);
    process.exitCode = code;
  }
}

const { stdout } = await run([await helmBinary(), "lint", "--strict", chartDir]);
process.stdout.write(stdout);
await chartTesting();
await kubeScore();
