import { join } from "node:path";
import type { ClusterHandle } from "./handle.ts";
import { type RunOptions, type RunResult, run } from "./run.ts";

/** Runs a client of the cluster, such as kubectl, helm or `headgate cluster`, with its kubeconfig in the environment. */
export function runClient(
  cluster: ClusterHandle,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const home = (name: string): string => join(cluster.scratch, name);
  const env = {
    KUBECONFIG: cluster.kubeconfig,
    // clients write below the home folder otherwise
    KUBECACHEDIR: home("kube-cache"),
    HELM_CACHE_HOME: home("helm-cache"),
    HELM_CONFIG_HOME: home("helm-config"),
    HELM_DATA_HOME: home("helm-data"),
    ...options.env,
  };
  return run([...cluster.enter, ...argv], { signal: cluster.signal, ...options, env });
}
