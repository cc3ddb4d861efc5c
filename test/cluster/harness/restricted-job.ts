import type { ClusterHandle } from "./handle.ts";
import type { KubernetesObject } from "./kubectl.ts";

export interface JobOptions {
  readonly image: string;
  readonly command: readonly string[];
  /** Secrets whose keys the container sees as variables. */
  readonly envFrom?: readonly string[];
  /** Secrets mounted as folders: name to path. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** PersistentVolumeClaims: name to path. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The smallest Job that Pod Security "restricted" lets in; one try. */
export function restrictedJob(name: string, options: JobOptions): KubernetesObject {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, annotations: options.annotations ?? {} },
    spec: { backoffLimit: 0, template: { spec: podSpec(options) } },
  };
}

/** An image with `node` that every test cluster has. */
export const nodeImage = (cluster: ClusterHandle): string =>
  cluster.kind === "own" ? "localhost/base:1" : (process.env.HEADGATE_TEST_IMAGE ?? "docker.io/library/node:24");

function podSpec({ image, command, envFrom = [], secrets = {}, claims = {} }: JobOptions): object {
  const container = {
    name: "main",
    image,
    imagePullPolicy: "IfNotPresent",
    command,
    envFrom: envFrom.map((secret) => ({ secretRef: { name: secret } })),
    volumeMounts: [...mounts(secrets), ...mounts(claims)],
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  };
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container],
    volumes: [
      ...Object.keys(secrets).map((name) => ({ name, secret: { secretName: name, defaultMode: 0o440 } })),
      ...Object.keys(claims).map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ],
  };
}

const mounts = (folders: Readonly<Record<string, string>>): object[] =>
  Object.entries(folders).map(([name, mountPath]) => ({ name, mountPath }));
