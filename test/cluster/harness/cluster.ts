import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBaseImages } from "./base-images.ts";
import { pause, removeCgroups } from "./cgroups.ts";
import { startControlPlane } from "./control-plane.ts";
import type { ClusterHandle } from "./handle.ts";
import type { Image } from "./image-store.ts";
import { loadImage } from "./images.ts";
import { findLeftovers, releaseTraces, type Traces, takeTraces } from "./leftovers.ts";
import { createNetwork } from "./network.ts";
import { startContainerd, startNode } from "./node.ts";
import { containerdSocket } from "./node-config.ts";
import { installPackages } from "./packages.ts";
import { cacheDir, say } from "./paths.ts";
import { createPki, kubeconfigFile } from "./pki.ts";
import { startServer } from "./postgres.ts";
import { kill } from "./process-id.ts";
import { createRunFolder, type RunFolder, removeDeadRuns, removeOldFailures, removeRunFolder } from "./run-folder.ts";
import { createSandbox, endSandbox, type Sandbox } from "./sandbox.ts";
import { kubernetesTools } from "./tools.ts";

/** A running cluster of our own. */
export interface Cluster {
  readonly handle: ClusterHandle;
  /** Ends and removes everything, and throws when something is left. */
  readonly down: () => Promise<void>;
}

/** Starts a one-node Kubernetes with a PostgreSQL beside it. Rejects after having put everything away again. */
export async function up(): Promise<Cluster> {
  if (process.getuid?.() !== 0) {
    throw new Error("The test cluster needs root: run as root, or set HEADGATE_TEST_KUBECONFIG to a cluster to use.");
  }
  process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  await removeDeadRuns();
  await removeOldFailures();
  await installPackages();
  const tools = await kubernetesTools();
  const images = await ensureBaseImages();
  return startAll(await createSandbox(await createRunFolder()), tools, images);
}

async function startAll(sandbox: Sandbox, tools: string, images: readonly Image[]): Promise<Cluster> {
  const run = takeTraces(sandbox);
  const removeAtExit = (): void => removeNow(sandbox, run);
  process.once("exit", removeAtExit);
  const down = async (): Promise<void> => {
    await remove(sandbox, run).finally(() => process.off("exit", removeAtExit));
  };
  try {
    return { handle: await fill(sandbox, tools, images), down };
  } catch (error) {
    mkdirSync(failuresFolder(sandbox.folder), { recursive: true });
    await down();
    throw new Error(`The test cluster did not start; logs: ${failuresFolder(sandbox.folder)}`, { cause: error });
  }
}

async function fill(sandbox: Sandbox, tools: string, images: readonly Image[]): Promise<ClusterHandle> {
  const { folder } = sandbox;
  const [containerd, scratch] = [containerdSocket(folder), join(folder.path, "scratch")];
  mkdirSync(scratch);
  await Promise.all([createNetwork(sandbox), createPki(folder)]);
  const [postgres] = await Promise.all([
    startServer(sandbox),
    startContainerd(sandbox).then(() => loadImages({ containerd, scratch }, images)),
    startControlPlane(sandbox, tools),
  ]);
  await startNode(sandbox, tools);
  return {
    kind: "own",
    id: folder.id,
    kubeconfig: kubeconfigFile(folder, "admin"),
    kubectl: join(tools, "kubectl"),
    enter: sandbox.enterNetwork,
    ...{ postgres, scratch, containerd },
    failures: failuresFolder(folder),
  };
}

async function loadImages(
  target: Pick<ClusterHandle, "containerd" | "scratch">,
  images: readonly Image[],
): Promise<void> {
  for (const image of images) await loadImage(target, image);
}

const failuresFolder = (folder: RunFolder): string => join(cacheDir(), "failures", folder.id);

async function remove(sandbox: Sandbox, run: Traces): Promise<void> {
  try {
    await endSandbox(sandbox);
    clean(sandbox.folder);
    refuseLeftovers(run);
  } finally {
    releaseTraces(run);
  }
}

/** The same without waiting, for a process that is about to exit. */
function removeNow(sandbox: Sandbox, run: Traces): void {
  kill(sandbox.holder, "SIGKILL");
  for (let round = 0; round < 50 && findLeftovers(run).some((line) => line.startsWith("process")); round++) pause(100);
  clean(sandbox.folder);
}

function clean(folder: RunFolder): void {
  removeCgroups(folder.id);
  keepLogs(folder);
  removeRunFolder(folder);
}

/** The daemons' logs are worth their space only beside a failure. */
function keepLogs(folder: RunFolder): void {
  const target = failuresFolder(folder);
  if (!existsSync(target) || !existsSync(folder.path)) return;
  cpSync(join(folder.path, "log"), join(target, "cluster"), { recursive: true });
  const postgresLog = join(folder.path, "postgres/postgres.log");
  if (existsSync(postgresLog)) cpSync(postgresLog, join(target, "cluster/postgres.log"));
  say(`logs of the cluster: ${join(target, "cluster")}`);
}

function refuseLeftovers(run: Traces): void {
  const leftovers = findLeftovers(run);
  if (leftovers.length > 0) throw new Error(`The test cluster left this behind:\n${leftovers.join("\n")}`);
}
