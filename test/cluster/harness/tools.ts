import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hashTexts } from "./hash.ts";
import { withLock } from "./lock.ts";
import { cacheFolder, repository, say } from "./paths.ts";
import { run } from "./run.ts";

/** One Go module a family: tools of one module share a single dependency graph. */
interface Family {
  readonly name: string;
  readonly folder: string;
  /** The module whose version the binaries shall report. */
  readonly module: string;
  /** Linker variables. */
  readonly stamp: (version: string) => Readonly<Record<string, string>>;
}

const kubernetes: Family = {
  name: "kubernetes",
  folder: "test/cluster",
  module: "k8s.io/kubernetes",
  stamp: (version) =>
    Object.fromEntries(
      ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((pkg) =>
        Object.entries(kubernetesVersion(version)).map(([key, value]) => [`${pkg}.${key}`, value]),
      ),
    ),
};

const helm3: Family = {
  name: "helm3",
  folder: "test/cluster/helm3",
  module: "helm.sh/helm/v3",
  stamp: (version) => ({ "helm.sh/helm/v3/internal/version.version": version }),
};

const lint: Family = {
  name: "lint",
  folder: "test/cluster/lint",
  module: "github.com/helm/chart-testing/v3",
  stamp: (version) => ({ "github.com/helm/chart-testing/v3/ct/cmd.Version": version }),
};

/** The folder with kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl. */
export const kubernetesTools = (): Promise<string> => build(kubernetes);

/** The path of Helm 3. */
export const helm3Binary = async (): Promise<string> => join(await build(helm3), "helm");

/** The folder with kubeconform and ct. */
export const lintTools = (): Promise<string> => build(lint);

async function build(family: Family): Promise<string> {
  const module = join(repository, family.folder);
  const [goMod, goSum] = await Promise.all(["go.mod", "go.sum"].map((name) => readFile(join(module, name), "utf8")));
  const flags = linkerFlags(family, goMod ?? "");
  const { stdout: platform } = await run(["go", "env", "GOOS", "GOARCH", "GOVERSION"], { cwd: module });
  const target = join(
    await cacheFolder("tools"),
    `${family.name}-${hashTexts(goMod ?? "", goSum ?? "", flags, platform)}`,
  );
  if (await exists(target)) return target;
  return withLock(`build-${family.name}`, async () => {
    if (!(await exists(target))) await compile(family, flags, target);
    return target;
  });
}

async function compile(family: Family, flags: string, target: string): Promise<void> {
  const logFile = join(await cacheFolder("logs"), `build-${family.name}.log`);
  say(`building ${family.name} from its Go module, once (log: ${logFile})`);
  const scratch = await mkdtemp(`${target}.`);
  try {
    await run(["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", `${scratch}/`, "tool"], {
      cwd: join(repository, family.folder),
      env: { CGO_ENABLED: "0" },
      timeoutMs: 45 * 60_000,
      logFile,
    });
    await rename(scratch, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function linkerFlags(family: Family, goMod: string): string {
  const version = goMod.match(new RegExp(`\\s${family.module} (v\\S+)`))?.[1];
  if (version === undefined) throw new Error(`${family.folder}/go.mod does not require ${family.module}.`);
  const variables = Object.entries(family.stamp(version)).map(([name, value]) => `-X ${name}=${value}`);
  return ["-s", "-w", ...variables].join(" ");
}

/** The API server's minor version decides what Helm's charts see in .Capabilities. */
function kubernetesVersion(gitVersion: string): Record<string, string> {
  const [gitMajor = "", gitMinor = ""] = gitVersion.slice(1).split(".");
  return { gitVersion, gitMajor, gitMinor, gitTreeState: "clean", buildDate: "1970-01-01T00:00:00Z" };
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
