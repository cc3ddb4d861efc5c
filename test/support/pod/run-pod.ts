import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import type { Manifest } from "../tools.ts";
import { type PodHome, prepareContainer, type Ready } from "./container.ts";
import { refuseUnknown, requireValue } from "./fields.ts";
import { type Sidecar, startSidecar } from "./sidecar.ts";
import { type ContainerResult, PodError, type PodResult, type PodToRun, type Surroundings } from "./types.ts";
import { makeVolumes, unlockVolumes } from "./volumes.ts";

const DEFAULT_GRACE_SECONDS = 30;

/** A rendered Pod, run on this machine. */
export async function runPod(manifest: Manifest, around: Surroundings): Promise<PodResult> {
  const { spec, metadata } = manifest as unknown as V1Pod;
  if (manifest.kind !== "Pod" || spec === undefined) throw new PodError(`${manifest.kind} is not a Pod`);
  const { name = "", namespace = "default", labels = {}, annotations = {} } = metadata ?? {};
  return await runOnce({ identity: { name, namespace, uid: randomUUID(), labels, annotations }, spec }, around);
}

/** One pod from its volumes to its end; `deadline` aborts when the Job that owns it has run out of time. */
export async function runOnce(pod: PodToRun, around: Surroundings, deadline?: AbortSignal): Promise<PodResult> {
  refusePod(pod);
  const path = mkdtempSync(join(tmpdir(), "pod-"));
  let home: PodHome | undefined;
  try {
    home = { path, pod: pod.identity, volumes: makeVolumes(pod, path, around), around };
    return await runContainers(pod, home, deadline);
  } finally {
    if (home !== undefined) unlockVolumes(home.volumes);
    rmSync(path, { recursive: true, force: true });
  }
}

function refusePod({ spec, identity: { name } }: PodToRun): void {
  refuseUnknown(spec, "pod", `pod ${name}`);
  requireValue(spec.restartPolicy, ["Never"], `pod ${name}: restartPolicy`);
  requireValue(spec.automountServiceAccountToken, [undefined, false], `pod ${name}: automountServiceAccountToken`);
}

/** Aborts with the reason that the pod's status will show. */
function endOf({ spec }: PodToRun, { signal }: Surroundings, deadline: AbortSignal | undefined): AbortSignal {
  const seconds = spec.activeDeadlineSeconds;
  const own = seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1_000)];
  return AbortSignal.any([...own, deadline, signal].filter((each) => each !== undefined));
}

async function runContainers(pod: PodToRun, home: PodHome, deadline: AbortSignal | undefined): Promise<PodResult> {
  const { initContainers = [], containers, terminationGracePeriodSeconds = DEFAULT_GRACE_SECONDS } = pod.spec;
  const first = initContainers.map((each) =>
    prepareContainer(each, each.restartPolicy === undefined ? "init" : "sidecar", home),
  );
  const then = containers.map((each) => prepareContainer(each, "main", home));
  const ending = { signal: endOf(pod, home.around, deadline), graceMs: terminationGracePeriodSeconds * 1_000 };
  const sidecars: Sidecar[] = [];
  const done: ContainerResult[] = [];
  try {
    for (const container of first) {
      if (ending.signal.aborted || done.some(failed)) break;
      if (container.role === "sidecar") sidecars.push(startSidecar(container, ending.graceMs));
      else done.push(await container.run(ending));
    }
    const begin = !ending.signal.aborted && !done.some(failed);
    if (begin) done.push(...(await Promise.all(then.map((container) => container.run(ending)))));
  } finally {
    done.push(...(await Promise.all(sidecars.map((sidecar) => sidecar.end()))));
  }
  const complete = then.every(({ name }) => done.some((each) => each.name === name));
  const reason = reasonOf(ending.signal, home.around);
  const well = complete && reason === undefined && !done.some(failed);
  return { name: pod.identity.name, phase: well ? "Succeeded" : "Failed", reason, containers: sorted(done, first) };
}

/** A sidecar's exit code never decides: it is told to end. */
const failed = ({ role, exitCode }: ContainerResult): boolean => role !== "sidecar" && exitCode !== 0;

const reasonOf = ({ aborted }: AbortSignal, { signal }: Surroundings): PodResult["reason"] => {
  if (!aborted) return undefined;
  return signal?.aborted ? "Deleted" : "DeadlineExceeded";
};

function sorted(done: readonly ContainerResult[], first: readonly Ready[]): ContainerResult[] {
  const place = ({ name, role }: ContainerResult) =>
    role === "main" ? first.length : first.findIndex((each) => each.name === name);
  return done.toSorted((a, b) => place(a) - place(b));
}
