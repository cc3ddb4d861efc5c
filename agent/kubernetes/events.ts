import { EventsV1Api, KubeConfig, V1MicroTime } from "@kubernetes/client-node";
import type { Pod } from "../settings/release.ts";

export interface EventText {
  readonly type: "Normal" | "Warning";
  /** UpperCamelCase, for machines. */
  readonly reason: string;
  /** What was done or tried, likewise. */
  readonly action: string;
  /** At most 1024 characters. */
  readonly note: string;
}

/** Writes an Event on the pod's Job, as the pod's own service account. Rejects with the client's error. */
export async function writeEvent(pod: Pod, event: EventText): Promise<void> {
  const config = new KubeConfig();
  config.loadFromCluster();
  const events = config.makeApiClient(EventsV1Api);
  await events.createNamespacedEvent({
    namespace: pod.namespace,
    body: {
      metadata: { generateName: `${pod.jobName.slice(0, 50)}-`, namespace: pod.namespace },
      eventTime: new V1MicroTime(),
      reportingController: "headgate",
      reportingInstance: pod.name,
      ...event,
      regarding: { apiVersion: "batch/v1", kind: "Job", name: pod.jobName, namespace: pod.namespace, uid: pod.jobUid },
    },
  });
}
