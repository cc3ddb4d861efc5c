import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.ts";
import { cacheFolder, say } from "./paths.ts";
import { run } from "./run.ts";

const packages = [
  "ca-certificates",
  "util-linux",
  "mount",
  ...["containerd", "runc", "containernetworking-plugins", "etcd-server"],
  ...["iproute2", "iptables", "conntrack", "dnsmasq-base", "openssl"],
  ...["mmdebstrap", "buildah", "gcc", "libc6-dev"],
  ...["postgresql-15", "pgbouncer"],
];

const policy = "/usr/sbin/policy-rc.d";
const savedPolicy = `${policy}.before-headgate`;

/** Installs what the cluster needs of Debian and is not there yet. Nothing that is installed gets started. */
export async function installPackages(): Promise<void> {
  if (!existsSync("/usr/bin/dpkg-query")) {
    throw new Error(
      "The test cluster knows only Debian's packages: set HEADGATE_TEST_KUBECONFIG to a cluster instead.",
    );
  }
  if ((await findMissing()).length === 0) return;
  await withLock("apt", async () => {
    const missing = await findMissing();
    if (missing.length > 0) await install(missing);
  });
}

async function install(missing: readonly string[]): Promise<void> {
  const logFile = join(await cacheFolder("logs"), "apt.log");
  say(`installing ${missing.join(" ")} (log: ${logFile})`);
  const options = { logFile, timeoutMs: 15 * 60_000, env: { DEBIAN_FRONTEND: "noninteractive" } };
  const apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
  forbidStarting();
  process.once("exit", allowStarting);
  try {
    await run([...apt, "update"], options);
    await run([...apt, "install", "-y", "--no-install-recommends", ...missing], options);
  } finally {
    process.off("exit", allowStarting);
    allowStarting();
  }
}

async function findMissing(): Promise<string[]> {
  const query = ["dpkg-query", "--show", "--showformat", `\${Package} \${db:Status-Status}\n`, ...packages];
  const { stdout } = await run(query, { mayFail: true });
  const installed = new Set(stdout.split("\n").filter((line) => line.endsWith(" installed")));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

/** Debian's maintainer scripts ask this file before they start a daemon; 101 means: do not. */
function forbidStarting(): void {
  if (existsSync(policy) && !existsSync(savedPolicy)) renameSync(policy, savedPolicy);
  writeFileSync(policy, "#!/bin/sh\nexit 101\n");
  chmodSync(policy, 0o755);
}

function allowStarting(): void {
  rmSync(policy, { force: true });
  if (existsSync(savedPolicy)) renameSync(savedPolicy, policy);
}
