import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Container, V1JobSpec, V1PodSpec } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect } from "vitest";
import type { PodResult, Surroundings } from "../support/pod/types.ts";
import type { Manifest } from "../support/tools.ts";

/** Runs its first argument as JavaScript; the rest are the script's own. */
export const images: Surroundings["images"] = { "fake:1": { entrypoint: [process.execPath, "-e"] } };
export const around: Surroundings = { images, pauseMs: 1 };

export const say = (name: string, script = "", more: Partial<V1Container> = {}): V1Container => ({
  name,
  image: "fake:1",
  args: [script],
  ...more,
});
export const exit = (name: string, code: number): V1Container => say(name, `process.exit(${code})`);

export const podSpec = (spec: Partial<V1PodSpec>): V1PodSpec => ({ restartPolicy: "Never", containers: [], ...spec });
export const pod = (spec: Partial<V1PodSpec>, metadata: Partial<Manifest["metadata"]> = {}): Manifest => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "probe", namespace: "blue", ...metadata },
  spec: podSpec(spec),
});
export const job = (spec: Partial<V1PodSpec>, more: Partial<V1JobSpec> = {}): Manifest => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "work", namespace: "blue" },
  spec: { template: { metadata: { labels: { app: "work" } }, spec: podSpec(spec) }, ...more },
});
export const logs = ({ containers }: PodResult) =>
  Object.fromEntries(containers.map(({ name, log }) => [name, log.trim()]));
export const codes = ({ containers }: PodResult) =>
  Object.fromEntries(containers.map(({ name, exitCode }) => [name, exitCode]));

export const shared = { name: "shared", emptyDir: {} };
/** A script that finds the shared folder in `dir`. */
export const note = (name: string, script = "", more: Partial<V1Container> = {}): V1Container =>
  say(name, "", {
    volumeMounts: [{ name: "shared", mountPath: "/shared" }],
    args: [`const [dir] = process.argv.slice(1); const fs = require("fs"); ${script}`, "/shared"],
    ...more,
  });

/** Every folder of a pod is gone when its tests are. */
export function useScratch(): { readonly scratch: string } {
  const scratch = mkdtempSync(join(tmpdir(), "pod-runner-"));
  const formerly = process.env.TMPDIR;
  beforeAll(() => {
    process.env.TMPDIR = scratch;
  });
  afterAll(() => {
    if (formerly === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = formerly;
    expect(readdirSync(scratch)).toEqual([]);
    rmSync(scratch, { recursive: true });
  });
  return { scratch };
}
