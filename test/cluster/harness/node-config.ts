import { join } from "node:path";
import { network } from "./network.ts";
import { kubeconfigFile, pkiFile } from "./pki.ts";
import type { RunFolder } from "./run-folder.ts";

export const pauseImage = "registry.k8s.io/pause:3.10";

export const containerdSocket = (folder: RunFolder): string => join(folder.path, "containerd.sock");

/** containerd's configuration in its version 2, which 1.6 and later read. */
export function containerdConfig(folder: RunFolder): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${quote(join(folder.path, "containerd/root"))}
state = ${quote(join(folder.path, "containerd/state"))}
[grpc]
  address = ${quote(containerdSocket(folder))}
[${cri}]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  # without CAP_SYS_RESOURCE runc may not lower a score, and dies
  restrict_oom_score_adj = true
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = ${quote(join(folder.path, "cni"))}
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;
}

export function cniConfig(folder: RunFolder): string {
  const ranges = [[{ subnet: network.pods }]];
  const ipam = { type: "host-local", dataDir: join(folder.path, "ipam"), ranges, routes: [{ dst: "0.0.0.0/0" }] };
  const plugins = [
    { type: "bridge", bridge: "cni0", isGateway: true, hairpinMode: true, ipam },
    { type: "portmap", capabilities: { portMappings: true } },
  ];
  return JSON.stringify({ cniVersion: "1.0.0", name: "pod", plugins });
}

export function kubeletConfig(folder: RunFolder): string {
  return JSON.stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${folder.id}`,
    failSwapOn: false,
    failCgroupV1: false,
    containerRuntimeEndpoint: `unix://${containerdSocket(folder)}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pkiFile(folder, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: pkiFile(folder, "kubelet.crt"),
    tlsPrivateKeyFile: pkiFile(folder, "kubelet.key"),
    // a full disk of a developer's machine is no reason to evict a test
    imageGCHighThresholdPercent: 100,
    evictionHard: { "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%" },
    volumePluginDir: join(folder.path, "volume-plugins"),
    resolvConf: join(folder.path, "resolv.conf"),
    clusterDNS: [network.gateway],
    clusterDomain: "cluster.local",
  });
}

export function proxyConfig(folder: RunFolder): string {
  return JSON.stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: kubeconfigFile(folder, "proxy") },
    mode: "iptables",
    clusterCIDR: network.pods,
    hostnameOverride: "node1",
    // nf_conntrack_max is the machine's, not the namespace's
    conntrack: { maxPerCore: 0 },
  });
}

/** A JSON string is a TOML basic string. */
const quote = (text: string): string => JSON.stringify(text);
