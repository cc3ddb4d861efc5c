import { join } from "node:path";
import { network } from "./network.ts";
import { kubeconfigFile, pkiFile } from "./pki.ts";
import { ready, start } from "./processes.ts";
import { run } from "./run.ts";
import type { Sandbox } from "./sandbox.ts";

const etcdUrl = "http://127.0.0.1:2379";

/** etcd, API server, controller manager and scheduler, ready to serve. */
export async function startControlPlane(sandbox: Sandbox, tools: string): Promise<void> {
  start(sandbox, "etcd", [
    // in memory: an etcd that waits for a disk is most of a small cluster's time
    ...["etcd", "--data-dir", "/run/etcd", `--listen-client-urls=${etcdUrl}`, `--advertise-client-urls=${etcdUrl}`],
    "--listen-peer-urls=http://127.0.0.1:2380",
  ]);
  const apiServer = start(sandbox, "kube-apiserver", [join(tools, "kube-apiserver"), ...apiServerFlags(sandbox)]);
  const kubectl = [join(tools, "kubectl"), "--kubeconfig", kubeconfigFile(sandbox.folder, "admin")];
  // only when it is ready do the bootstrap roles exist; a controller manager without them exits
  await ready(apiServer, async () => {
    const answer = await run([...sandbox.enter, ...kubectl, "get", "--raw=/readyz"], { mayFail: true });
    return answer.code === 0;
  });
  start(sandbox, "kube-controller-manager", [
    join(tools, "kube-controller-manager"),
    ...clientFlags(sandbox, "controller-manager"),
    "--use-service-account-credentials",
    // a volume and its claim are matched in rounds
    "--pvclaimbinder-sync-period=1s",
    `--service-account-private-key-file=${pkiFile(sandbox.folder, "sa.key")}`,
    `--root-ca-file=${pkiFile(sandbox.folder, "ca.crt")}`,
    `--cluster-signing-cert-file=${pkiFile(sandbox.folder, "ca.crt")}`,
    `--cluster-signing-key-file=${pkiFile(sandbox.folder, "ca.key")}`,
  ]);
  start(sandbox, "kube-scheduler", [join(tools, "kube-scheduler"), ...clientFlags(sandbox, "scheduler")]);
}

function apiServerFlags(sandbox: Sandbox): string[] {
  const pki = (file: string): string => pkiFile(sandbox.folder, file);
  return [
    `--etcd-servers=${etcdUrl}`,
    ...["--secure-port=6443", "--bind-address=0.0.0.0", `--advertise-address=${network.node}`],
    `--service-cluster-ip-range=${network.services}`,
    ...["--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true"],
    "--kubelet-preferred-address-types=InternalIP",
    `--tls-cert-file=${pki("apiserver.crt")}`,
    `--tls-private-key-file=${pki("apiserver.key")}`,
    `--client-ca-file=${pki("ca.crt")}`,
    `--kubelet-client-certificate=${pki("admin.crt")}`,
    `--kubelet-client-key=${pki("admin.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${pki("sa.pub")}`,
    `--service-account-signing-key-file=${pki("sa.key")}`,
  ];
}

function clientFlags(sandbox: Sandbox, user: string): string[] {
  const file = kubeconfigFile(sandbox.folder, user);
  const kubeconfigs = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"];
  return [...kubeconfigs.map((flag) => `--${flag}=${file}`), "--leader-elect=false"];
}
