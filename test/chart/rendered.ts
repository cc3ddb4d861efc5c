import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { V1CronJob, V1Job, V1JobSpec, V1Pod, V1PodSpec, V1PodTemplateSpec } from "@kubernetes/client-node";
import { chartDir, helmTemplate, type Manifest, type TemplateOptions } from "../support/tools.ts";

/** The least that renders. */
export const database = { existingSecret: "shop-database" } as const;

export interface Case {
  readonly name: string;
  readonly options: TemplateOptions;
}

/** The renderings that are kept as golden files: the defaults, and each of chart/ci. */
export const cases: readonly Case[] = [
  { name: "defaults", options: { namespace: "shop", values: { database } } },
  ...readdirSync(join(chartDir, "ci")).map((file) => ({
    name: file.replace("-values.yaml", ""),
    options: { namespace: "shop", valuesFiles: [join(chartDir, "ci", file)] },
  })),
];

const renderings = new Map<string, Promise<Manifest[]>>();

/** A case's rendering, made once for all the tests of a file. */
export function renderCase({ name, options }: Case): Promise<Manifest[]> {
  const known = renderings.get(name) ?? helmTemplate(options);
  renderings.set(name, known);
  return known;
}

/** Renders with a database Secret, which every other value needs beside it. */
export const render = (values: Readonly<Record<string, unknown>> = {}): Promise<Manifest[]> =>
  helmTemplate({ values: { database, ...values } });

export function findKind(manifests: readonly Manifest[], kind: string, suffix = ""): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name.endsWith(suffix));
  if (found === undefined) throw new Error(`no ${kind} ${suffix} among ${manifests.map((each) => each.kind)}`);
  return found;
}

export const kinds = (manifests: readonly Manifest[]): string[] =>
  manifests.map((manifest) => manifest.kind).toSorted();

export const migrateJob = (manifests: readonly Manifest[]): V1Job =>
  findKind(manifests, "Job", "-migrate") as unknown as V1Job;

export const revertJob = (manifests: readonly Manifest[]): V1Job =>
  findKind(manifests, "Job", "-revert") as unknown as V1Job;

/** The CronJobs of a rendering; none unless manual.enabled. */
export const cronJobs = (manifests: readonly Manifest[]): V1CronJob[] =>
  manifests.filter((manifest) => manifest.kind === "CronJob") as unknown as V1CronJob[];

/** The Job that `kubectl create job --from=cronjob/...-SUFFIX` makes. */
export function jobFrom(manifests: readonly Manifest[], suffix: string): Manifest {
  const cronJob = findKind(manifests, "CronJob", suffix);
  const { jobTemplate } = cronJob.spec as { jobTemplate: { metadata: Manifest["metadata"]; spec: V1JobSpec } };
  const metadata = { ...jobTemplate.metadata, name: `${cronJob.metadata.name}-1700000000` };
  return { apiVersion: "batch/v1", kind: "Job", metadata, spec: jobTemplate.spec };
}

export const smokePod = (manifests: readonly Manifest[]): V1Pod =>
  findKind(manifests, "Pod", "-smoke") as unknown as V1Pod;

/** A Job's pod, or a Pod itself, in one shape. */
export interface PodTemplate {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: V1PodSpec;
}

function asTemplate(pod: V1Pod | V1PodTemplateSpec | undefined): PodTemplate {
  if (pod?.spec === undefined) throw new Error("a pod has no spec");
  return { labels: pod.metadata?.labels ?? {}, annotations: pod.metadata?.annotations ?? {}, spec: pod.spec };
}

/** The pods of a rendering: the migrate Job's first, then the test's, then those of other Jobs and of CronJobs. */
export function pods(manifests: readonly Manifest[]): PodTemplate[] {
  const migrate = migrateJob(manifests);
  const jobs = manifests.filter((manifest) => manifest.kind === "Job") as unknown as V1Job[];
  return [
    migrate.spec?.template,
    smokePod(manifests),
    ...jobs.filter((job) => job !== migrate).map((job) => job.spec?.template),
    ...cronJobs(manifests).map((cronJob) => cronJob.spec?.jobTemplate.spec?.template),
  ].map(asTemplate);
}

export const containers = (spec: V1PodSpec) => [...(spec.initContainers ?? []), ...spec.containers];
