import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { V1Job, V1Pod, V1PodSpec } from "@kubernetes/client-node";
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

export const smokePod = (manifests: readonly Manifest[]): V1Pod =>
  findKind(manifests, "Pod", "-smoke") as unknown as V1Pod;

/** A Job's pod, or a Pod itself, in one shape. */
export interface PodTemplate {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: V1PodSpec;
}

/** The pods of a rendering: the migrate Job's first, then the test's. */
export function pods(manifests: readonly Manifest[]): PodTemplate[] {
  return [migrateJob(manifests).spec?.template, smokePod(manifests)].map((pod) => {
    if (pod?.spec === undefined) throw new Error("a pod has no spec");
    return { labels: pod.metadata?.labels ?? {}, annotations: pod.metadata?.annotations ?? {}, spec: pod.spec };
  });
}

export const containers = (spec: V1PodSpec) => [...(spec.initContainers ?? []), ...spec.containers];
