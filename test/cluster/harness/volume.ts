import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterHandle } from "./handle.ts";
import { apply, kubectlIn } from "./kubectl.ts";

const size = { storage: "1Gi" };

/** A claim, and where nothing provisions volumes also the volume: a folder of the run. */
export async function createVolume(
  cluster: ClusterHandle,
  namespace: string,
  name: string,
): Promise<string | undefined> {
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: size } };
  const metadata = { name, namespace };
  const object = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata };
  if (cluster.kind === "external") {
    await apply(kubectlIn(cluster), [{ ...object, spec: claim }]);
    return undefined;
  }
  const path = join(cluster.scratch, "volumes", namespace, name);
  await mkdir(path, { recursive: true });
  // fsGroup does nothing for a folder of the node
  await chmod(path, 0o777);
  const volumeName = `${namespace}-${name}`;
  const volume = { accessModes: claim.accessModes, capacity: size, storageClassName: "", hostPath: { path } };
  await apply(kubectlIn(cluster), [
    { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: volumeName, labels: { namespace } }, spec: volume },
    { ...object, spec: { ...claim, storageClassName: "", volumeName } },
  ]);
  return path;
}

/** The volumes of a namespace do not go with it. */
export async function removeVolumes(cluster: ClusterHandle, namespace: string): Promise<void> {
  const selector = ["--selector", `namespace=${namespace}`, "--ignore-not-found", "--wait=false"];
  await kubectlIn(cluster)(["delete", "persistentvolume", ...selector]);
}
