import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Client, QueryResultRow } from "pg";
import { onTestFinished } from "vitest";
import { keeping } from "../../support/canary.ts";
import { runClient } from "./client.ts";
import { createDatabase, type Database, dropDatabase, query, secretData, withAdmin } from "./database.ts";
import { keepDiagnostics } from "./diagnostics.ts";
import { type ClusterHandle, currentCluster } from "./handle.ts";
import { type Helm, helmIn } from "./helm.ts";
import { apply, get, type Kubectl, type KubernetesObject, kubectlIn, list } from "./kubectl.ts";
import { say } from "./paths.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { createVolume, removeVolumes } from "./volume.ts";
import { eventually, type WaitOptions } from "./wait.ts";

/** A Kubernetes namespace of one test, under Pod Security "restricted", and a database of its own. */
export interface TestNamespace {
  readonly name: string;
  readonly cluster: ClusterHandle;
  readonly database: Database;
  /** The Secret with the keys url, host, port, database, username, password. */
  readonly databaseSecret: string;
  /** The Secret with the key `ca.crt`; missing when the server's authority is not known. */
  readonly caSecret: string | undefined;
  readonly kubectl: Kubectl;
  readonly helm: Helm;
  /** Any other client, such as `headgate cluster`, with KUBECONFIG set. */
  readonly client: (argv: readonly string[], options?: RunOptions) => Promise<RunResult>;
  /** One statement as the superuser, in the test's database. */
  readonly sql: <Row extends QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
  /** A session as the superuser, in the test's database: for locks and transactions that stay. */
  readonly session: <T>(work: (client: Client) => Promise<T>) => Promise<T>;
  readonly secret: (name: string, data: Readonly<Record<string, string>>) => Promise<void>;
  /** A PersistentVolumeClaim that any user may write to; returns its folder on this machine when the cluster is ours. */
  readonly volume: (name: string) => Promise<string | undefined>;
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  readonly get: <T = KubernetesObject>(kind: string, name: string) => Promise<T>;
  readonly list: <T = KubernetesObject>(kind: string, selector?: string) => Promise<T[]>;
  /** Waits for a Job's end; true when it completed, false when it failed. */
  readonly jobEnds: (name: string, options?: WaitOptions) => Promise<boolean>;
  /** The log of a Job's pods, every container's. */
  readonly jobLogs: (name: string) => Promise<string>;
}

/** Runs a test in a fresh namespace and database; both go when the test has ended, after what failed has been kept. */
export async function withNamespace(work: (ns: TestNamespace) => Promise<void>): Promise<void> {
  const cluster = currentCluster();
  const name = `test-${randomBytes(4).toString("hex")}`;
  const over = new AbortController();
  // a hook, and not `finally`: it also runs when the test's own time is over
  onTestFinished(async ({ task }) => {
    over.abort(new Error("The test is over."));
    if (keeping()) await readEverything(kubectlIn(cluster, name));
    if (task.result?.state === "fail") say(await keepDiagnostics(cluster, name, task.name));
    await kubectlIn(cluster)(["delete", "namespace", name, "--ignore-not-found", "--wait=false"]);
    await removeVolumes(cluster, name);
    await dropDatabase(cluster.postgres, databaseName(name));
  });
  await work(await createNamespace({ ...cluster, signal: over.signal }, name));
}

/** What anybody with the right to look may read: whatever a client prints is kept, and searched for secrets. */
async function readEverything(kubectl: Kubectl): Promise<void> {
  const mayFail = { mayFail: true, timeoutMs: 20_000 };
  await kubectl(["get", "pods,jobs,cronjobs,configmaps,events", "--output", "yaml"], mayFail);
  await kubectl(["logs", "--selector", "app.kubernetes.io/name=headgate", "--all-containers", "--tail=-1"], mayFail);
}

const databaseName = (namespace: string): string => namespace.replaceAll("-", "_");

async function createNamespace(cluster: ClusterHandle, name: string): Promise<TestNamespace> {
  const kubectl = kubectlIn(cluster, name);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await apply(kubectlIn(cluster), [{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } }]);
  const database = await createDatabase(cluster.postgres, databaseName(name));
  // pods are refused until the controller manager has made it
  await eventually(`the service account of ${name}`, async () => kubectl(["get", "serviceaccount", "default"]), {
    signal: cluster.signal,
  });
  const secret = (secretName: string, data: Readonly<Record<string, string>>) =>
    apply(kubectl, [{ apiVersion: "v1", kind: "Secret", metadata: { name: secretName }, stringData: data }]);
  await secret("database", secretData(database));
  const { caFile } = cluster.postgres;
  if (caFile !== undefined) await secret("database-ca", { "ca.crt": await readFile(caFile, "utf8") });
  return {
    ...{ name, cluster, database, kubectl, secret },
    databaseSecret: "database",
    caSecret: caFile === undefined ? undefined : "database-ca",
    helm: helmIn(cluster, name),
    client: (argv, options) => runClient(cluster, argv, options),
    sql: (text, values = []) => query(cluster.postgres, database.name, { text, values }),
    session: (work) => withAdmin(cluster.postgres, work, database.name),
    volume: (volume) => createVolume(cluster, name, volume),
    apply: (...objects) => apply(kubectl, objects),
    get: (kind, object) => get(kubectl, kind, object),
    list: (kind, selector) => list(kubectl, kind, selector),
    jobEnds: (job, options) => jobEnds(kubectl, job, { signal: cluster.signal, ...options }),
    jobLogs: (job) => jobLogs(kubectl, job),
  };
}

interface Job {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function jobEnds(kubectl: Kubectl, name: string, options: WaitOptions = {}): Promise<boolean> {
  const probe = async (): Promise<{ succeeded: boolean } | undefined> => {
    const conditions = (await get<Job>(kubectl, "job", name)).status?.conditions ?? [];
    const end = conditions.find(({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"));
    return end && { succeeded: end.type === "Complete" };
  };
  return eventually(`the end of Job ${name}`, probe, { timeoutMs: 120_000, ...options }).then((end) => end.succeeded);
}

const jobLogs = (kubectl: Kubectl, name: string): Promise<string> =>
  kubectl(["logs", "--selector", `batch.kubernetes.io/job-name=${name}`, "--all-containers", "--tail=-1", "--prefix"]);
