import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Job, V1JobSpec } from "@kubernetes/client-node";
import type { Manifest } from "../tools.ts";
import { type Decision, decide } from "./failure-policy.ts";
import { refuseUnknown, requireValue } from "./fields.ts";
import { runOnce } from "./run-pod.ts";
import { type JobReason, type JobResult, PodError, type PodResult, type PodToRun, type Surroundings } from "./types.ts";

const DEFAULT_BACKOFF_LIMIT = 6;
const PAUSE_MS = 100;
/** Kubernetes replaces ignored pods for ever; here that is a fault of the manifest. */
const MOST_TRIES = 50;

/** A rendered Job, run on this machine as the Job controller would: one pod after another, by its own rules. */
export async function runJob(manifest: Manifest, around: Surroundings): Promise<JobResult> {
  const { spec } = manifest as unknown as V1Job;
  if (manifest.kind !== "Job" || spec === undefined) throw new PodError(`${manifest.kind} is not a Job`);
  refuseJob(spec, manifest.metadata.name);
  const over = new AbortController();
  const seconds = spec.activeDeadlineSeconds;
  const timer = seconds === undefined ? undefined : setTimeout(() => over.abort(), seconds * 1_000);
  try {
    return await tryUntilSettled(podsOf(manifest, spec), spec, { around, deadline: over.signal });
  } finally {
    clearTimeout(timer);
  }
}

function refuseJob(spec: V1JobSpec, name: string): void {
  refuseUnknown(spec, "job", `job ${name}`);
  requireValue(spec.completions, [undefined, 1], `job ${name}: completions`);
  requireValue(spec.parallelism, [undefined, 1], `job ${name}: parallelism`);
  // Here a pod is always over before the next begins, so the two policies come to the same.
  const policies = [undefined, "Failed", "TerminatingOrFailed"];
  requireValue(spec.podReplacementPolicy, policies, `job ${name}: podReplacementPolicy`);
}

/** Makes the Job's next pod, labelled as the Job controller does. */
function podsOf({ metadata }: Manifest, { template }: V1JobSpec): () => PodToRun {
  const { name, namespace = "default" } = metadata;
  const { spec } = template;
  if (spec === undefined) throw new PodError(`job ${name} has no pod`);
  const uid = randomUUID();
  const labels = {
    ...template.metadata?.labels,
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
  const annotations = template.metadata?.annotations ?? {};
  return () => {
    const podName = `${name.slice(0, 57)}-${randomBytes(3).toString("hex").slice(0, 5)}`;
    return { identity: { name: podName, namespace, uid: randomUUID(), labels, annotations }, spec };
  };
}

type Settled = Omit<JobResult, "tries">;

const settled = (reason: JobReason, message: string): Settled => ({
  succeeded: reason === "Completed",
  reason,
  message,
});

interface Limits {
  readonly around: Surroundings;
  readonly deadline: AbortSignal;
}

function endedFromOutside({ around, deadline }: Limits): Settled | undefined {
  if (around.signal?.aborted) return settled("Deleted", "the Job was deleted");
  if (deadline.aborted) return settled("DeadlineExceeded", "Job was active longer than specified deadline");
  return undefined;
}

/** What the Job controller concludes from a failed pod: the Job's end, or undefined for another try. */
function judge({ action, message }: Decision, failures: number, limit = DEFAULT_BACKOFF_LIMIT): Settled | undefined {
  if (action === "FailJob") return settled("PodFailurePolicy", message);
  if (failures <= limit) return undefined;
  return settled("BackoffLimitExceeded", "Job has reached the specified backoff limit");
}

async function tryUntilSettled(nextPod: () => PodToRun, spec: V1JobSpec, limits: Limits): Promise<JobResult> {
  const { around, deadline } = limits;
  const tries: PodResult[] = [];
  let failures = 0;
  while (tries.length < MOST_TRIES) {
    const pod = nextPod();
    const result = await runOnce(pod, around, deadline);
    tries.push(result);
    if (result.phase === "Succeeded") return { ...settled("Completed", "the Job is complete"), tries };
    const decision = decide(spec.podFailurePolicy?.rules ?? [], result, pod.identity.namespace);
    failures += decision.action === "Ignore" ? 0 : 1;
    const end = endedFromOutside(limits) ?? judge(decision, failures, spec.backoffLimit) ?? (await pause(limits));
    if (end !== undefined) return { ...end, tries };
  }
  throw new PodError(`${tries.length} pods have failed, and by its rules the Job would go on`);
}

/** Until the next try is due, unless the Job ends before. */
async function pause(limits: Limits): Promise<Settled | undefined> {
  const { around, deadline } = limits;
  const over = AbortSignal.any([deadline, ...(around.signal === undefined ? [] : [around.signal])]);
  await sleep(around.pauseMs ?? PAUSE_MS, undefined, { signal: over }).catch(() => undefined);
  return endedFromOutside(limits);
}
