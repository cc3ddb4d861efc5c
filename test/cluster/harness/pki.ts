import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { network } from "./network.ts";
import { run } from "./run.ts";
import type { RunFolder } from "./run-folder.ts";

interface Certificate {
  readonly name: string;
  readonly subject: string;
  readonly names: readonly string[];
}

const apiServerNames = ["", ".default", ".default.svc", ".default.svc.cluster.local"].map((s) => `DNS:kubernetes${s}`);

const certificates: readonly Certificate[] = [
  {
    name: "apiserver",
    subject: "/CN=kube-apiserver",
    names: [...apiServerNames, "DNS:localhost", "IP:127.0.0.1", `IP:${network.apiService}`, `IP:${network.node}`],
  },
  { name: "kubelet", subject: "/O=system:nodes/CN=system:node:node1", names: ["DNS:node1", `IP:${network.node}`] },
  { name: "admin", subject: "/O=system:masters/CN=admin", names: ["DNS:admin"] },
  { name: "controller-manager", subject: "/CN=system:kube-controller-manager", names: ["DNS:controller-manager"] },
  { name: "scheduler", subject: "/CN=system:kube-scheduler", names: ["DNS:scheduler"] },
  { name: "proxy", subject: "/CN=system:kube-proxy", names: ["DNS:proxy"] },
  { name: "postgres", subject: `/CN=${network.postgresHost}`, names: [`DNS:${network.postgresHost}`] },
];

const users = ["kubelet", "admin", "controller-manager", "scheduler", "proxy"];

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export const pkiFile = (folder: RunFolder, file: string): string => join(folder.path, "pki", file);

export const kubeconfigFile = (folder: RunFolder, user: string): string => pkiFile(folder, `${user}.kubeconfig`);

/** A certificate authority for this run, everything signed by it, and a kubeconfig for each user. */
export async function createPki(folder: RunFolder): Promise<void> {
  const openssl = (...args: readonly string[]) => run(["openssl", ...args], { cwd: join(folder.path, "pki") });
  await Promise.all([
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-keyout",
      "ca.key",
      "-out",
      "ca.crt",
      "-days",
      "30",
      "-subj",
      "/CN=headgate-test",
    ),
    openssl("genrsa", "-out", "sa.key", "2048").then(() =>
      openssl("rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub"),
    ),
  ]);
  await Promise.all([
    ...certificates.map((certificate) => sign(folder, certificate)),
    ...users.map((user) => writeFile(kubeconfigFile(folder, user), kubeconfig(folder, user), { mode: 0o600 })),
  ]);
}

async function sign(folder: RunFolder, { name, subject, names }: Certificate): Promise<void> {
  const openssl = (...args: readonly string[]) => run(["openssl", ...args], { cwd: join(folder.path, "pki") });
  const extensions = `subjectAltName=${names.join(",")}\nextendedKeyUsage=serverAuth,clientAuth\n`;
  await writeFile(pkiFile(folder, `${name}.ext`), extensions);
  await openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
  const authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAserial", `${name}.srl`, "-CAcreateserial"];
  const output = ["-days", "30", "-extfile", `${name}.ext`, "-out", `${name}.crt`];
  await openssl("x509", "-req", "-in", `${name}.csr`, ...authority, ...output);
}

/** JSON is YAML. */
function kubeconfig(folder: RunFolder, user: string): string {
  const cluster = { server: "https://127.0.0.1:6443", "certificate-authority": pkiFile(folder, "ca.crt") };
  const credentials = {
    "client-certificate": pkiFile(folder, `${user}.crt`),
    "client-key": pkiFile(folder, `${user}.key`),
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: user, user: credentials }],
    contexts: [{ name: "test", context: { cluster: "test", user } }],
    "current-context": "test",
  });
}
