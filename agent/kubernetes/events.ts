import { AppsV1Api, EventsV1Api, type KubeConfig, V1MicroTime, type V1ObjectReference } from "@kubernetes/client-node";
import type { Pod } from "../settings/release.ts";
import { asked, inCluster, statusOf, until } from "./client.ts";
import type { workloads } from "./permissions.ts";

export interface EventText {
  readonly type: "Normal" | "Warning";
  /** UpperCamelCase, for machines. */
  readonly reason: string;
  /** What was done or tried, likewise. */
  readonly action: string;
  /** At most 1024 bytes. */
  readonly note: string;
}

export interface Workload {
  readonly kind: keyof typeof workloads;
  /** Empty: there is none to write on. */
  readonly name: string;
}

interface Place {
  readonly config: KubeConfig;
  readonly pod: Pod;
  readonly signal: AbortSignal;
}

type Regarding = V1ObjectReference;

const jobOf = ({ namespace, jobName, jobUid }: Pod): Regarding => ({
  apiVersion: "batch/v1",
  kind: "Job",
  name: jobName,
  namespace,
  uid: jobUid,
});

/** A release's first run comes before its workload: the Event names it all the same, without a uid. */
async function findWorkload({ kind, name }: Workload, { config, pod, signal }: Place): Promise<Regarding> {
  const { namespace } = pod;
  const apps = config.makeApiClient(AppsV1Api);
  const read = {
    Deployment: () => apps.readNamespacedDeployment({ name, namespace }, until(signal)),
    StatefulSet: () => apps.readNamespacedStatefulSet({ name, namespace }, until(signal)),
    DaemonSet: () => apps.readNamespacedDaemonSet({ name, namespace }, until(signal)),
  }[kind];
  const found = await read().catch((error: unknown) => {
    if (statusOf(error) === 404) return undefined;
    throw error;
  });
  const uid = found?.metadata?.uid;
  return { apiVersion: "apps/v1", kind, name, namespace, ...(uid === undefined ? {} : { uid }) };
}

async function writeEvent(regarding: Regarding, event: EventText, { config, pod, signal }: Place): Promise<void> {
  const { namespace } = pod;
  const generateName = `${(regarding.name ?? "").slice(0, 50)}-`;
  await config.makeApiClient(EventsV1Api).createNamespacedEvent(
    {
      namespace,
      body: {
        metadata: { generateName, namespace },
        eventTime: new V1MicroTime(),
        reportingController: "headgate",
        reportingInstance: pod.name,
        ...event,
        regarding,
      },
    },
    until(signal),
  );
}

/** Writes an Event on the pod's Job, and on a workload if one is named. Rejects with what the API server says. */
export async function writeEvents(
  pod: Pod,
  event: EventText,
  { on, signal }: { readonly on: Workload; readonly signal: AbortSignal },
): Promise<void> {
  const place = { config: inCluster(), pod, signal };
  const onWorkload = async () => await writeEvent(await findWorkload(on, place), event, place);
  const writing = [writeEvent(jobOf(pod), event, place), ...(on.name === "" ? [] : [onWorkload()])];
  await asked(async () => {
    const [failed] = (await Promise.allSettled(writing)).filter((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  });
}
