import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCgroups } from "./cgroups.ts";
import { network } from "./network.ts";
import { cniConfig, containerdConfig, containerdSocket, kubeletConfig, proxyConfig } from "./node-config.ts";
import { kubeconfigFile } from "./pki.ts";
import { ready, start } from "./processes.ts";
import { run } from "./run.ts";
import type { Sandbox } from "./sandbox.ts";
import { eventually } from "./wait.ts";

/** containerd, ready to take images. */
export async function startContainerd(sandbox: Sandbox): Promise<void> {
  const { folder } = sandbox;
  await mkdir(join(folder.path, "cni"));
  await writeFile(join(folder.path, "cni/10-pod.conflist"), cniConfig(folder));
  const config = join(folder.path, "containerd.toml");
  await writeFile(config, containerdConfig(folder));
  const containerd = start(sandbox, "containerd", ["containerd", "--config", config]);
  await ready(containerd, async () => {
    const answer = await run(["ctr", "--address", containerdSocket(folder), "version"], { mayFail: true });
    return answer.code === 0;
  });
}

/** kubelet and kube-proxy; containerd and the API server must answer already, else the kubelet exits. */
export async function startNode(sandbox: Sandbox, tools: string): Promise<void> {
  const { folder } = sandbox;
  createCgroups(folder.id);
  const file = (name: string): string => join(folder.path, name);
  await writeFile(file("resolv.conf"), `nameserver ${network.gateway}\n`);
  await writeFile(file("kubelet.yaml"), kubeletConfig(folder));
  await writeFile(file("proxy.yaml"), proxyConfig(folder));
  const kubelet = start(sandbox, "kubelet", [
    join(tools, "kubelet"),
    `--config=${file("kubelet.yaml")}`,
    `--kubeconfig=${kubeconfigFile(folder, "kubelet")}`,
    ...["--hostname-override=node1", `--node-ip=${network.node}`, `--root-dir=${file("kubelet")}`],
  ]);
  start(sandbox, "kube-proxy", [join(tools, "kube-proxy"), `--config=${file("proxy.yaml")}`]);
  const kubectl = [join(tools, "kubectl"), "--kubeconfig", kubeconfigFile(folder, "admin")];
  const isReady = ["wait", "--for=condition=Ready", "node/node1", "--timeout=1s"];
  await ready(kubelet, async () => {
    const answer = await run([...sandbox.enter, ...kubectl, ...isReady], { mayFail: true });
    return answer.code === 0;
  });
  await eventually("the default service account", async () => {
    const answer = await run([...sandbox.enter, ...kubectl, "get", "sa", "default"], { mayFail: true });
    return answer.code === 0;
  });
}
