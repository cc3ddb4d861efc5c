import { runClient } from "./client.ts";
import type { ClusterHandle } from "./handle.ts";
import type { RunOptions } from "./run.ts";

/** A Kubernetes object, as far as every kind looks alike. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export type Kubectl = (args: readonly string[], options?: RunOptions) => Promise<string>;

/** kubectl in one namespace; its answer is what it printed. */
export function kubectlIn(cluster: ClusterHandle, namespace?: string): Kubectl {
  const scope = namespace === undefined ? [] : ["--namespace", namespace];
  return async (args, options) => (await runClient(cluster, [cluster.kubectl, ...scope, ...args], options)).stdout;
}

/** Creates or changes objects. */
export async function apply(kubectl: Kubectl, objects: readonly object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await kubectl(["apply", "--filename", "-"], { input: JSON.stringify(list) });
}

/** One object; rejects when there is none. */
export async function get<T = KubernetesObject>(kubectl: Kubectl, kind: string, name: string): Promise<T> {
  return JSON.parse(await kubectl(["get", kind, name, "--output", "json"])) as T;
}

/** All objects of a kind, or those that a label selector finds. */
export async function list<T = KubernetesObject>(kubectl: Kubectl, kind: string, selector?: string): Promise<T[]> {
  const filter = selector === undefined ? [] : ["--selector", selector];
  const { items } = JSON.parse(await kubectl(["get", kind, ...filter, "--output", "json"])) as { items: T[] };
  return items;
}
