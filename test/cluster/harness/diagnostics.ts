import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterHandle } from "./handle.ts";
import { type Kubectl, kubectlIn, list } from "./kubectl.ts";

/** Secrets are left out: what is kept for reading must not hold credentials. */
const kinds = [
  ...["pods", "jobs", "cronjobs", "deployments", "replicasets", "statefulsets", "services", "configmaps"],
  ...["persistentvolumeclaims", "serviceaccounts", "roles", "rolebindings", "networkpolicies", "poddisruptionbudgets"],
];

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

interface Container {
  readonly name: string;
}

/** Writes a namespace's objects, events and pod logs to a folder. Returns what to tell, and never throws: the test's own error counts. */
export async function keepDiagnostics(cluster: ClusterHandle, namespace: string, title: string): Promise<string> {
  const folder = join(cluster.failures, title.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 80));
  try {
    await mkdir(join(folder, "logs"), { recursive: true });
    const kubectl = kubectlIn(cluster, namespace);
    await keep(kubectl, join(folder, "objects.yaml"), ["get", kinds.join(","), "--output", "yaml"]);
    await keep(kubectl, join(folder, "summary.txt"), ["get", kinds.join(","), "--output", "wide"]);
    await keep(kubectl, join(folder, "events.txt"), ["get", "events", "--sort-by=.lastTimestamp"]);
    for (const pod of await list<Pod>(kubectl, "pods")) await keepLogs(kubectl, folder, pod);
    return `what the failed test left in ${namespace}: ${folder}`;
  } catch (error) {
    return `nothing could be kept of ${namespace} in ${folder}: ${error}`;
  }
}

async function keepLogs(kubectl: Kubectl, folder: string, pod: Pod): Promise<void> {
  const { name } = pod.metadata;
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    const file = join(folder, "logs", `${name}.${container.name}.log`);
    await keep(kubectl, file, ["logs", name, "--container", container.name, "--timestamps"]);
  }
}

async function keep(kubectl: Kubectl, file: string, args: readonly string[]): Promise<void> {
  const text = await kubectl(args, { mayFail: true, timeoutMs: 20_000 });
  if (text !== "") await writeFile(file, text);
}
