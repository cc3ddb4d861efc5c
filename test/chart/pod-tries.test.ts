import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { V1Container } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { runJob } from "../support/pod/run-job.ts";
import { runPod } from "../support/pod/run-pod.ts";
import type { Manifest } from "../support/tools.ts";
import { around, codes, exit, job, logs, pod, say, useScratch } from "./pod-scene.ts";
import { findKind, jobFrom, render } from "./rendered.ts";

const { scratch } = useScratch();

describe("volumes that are not there", () => {
  const volumes = (optional: boolean) => [{ name: "login", secret: { secretName: "db", optional } }];
  const script = `console.log(require("fs").readdirSync(process.argv[1]).length)`;
  const container: V1Container = {
    ...say("main"),
    args: [script, "/login"],
    volumeMounts: [{ name: "login", mountPath: "/login", readOnly: true }],
  };

  it("an optional Secret gives an empty folder, any other an error", async () => {
    const result = await runPod(pod({ volumes: volumes(true), containers: [container] }), around);
    expect(logs(result)).toEqual({ main: "0" });
    await expect(runPod(pod({ volumes: volumes(false), containers: [container] }), around)).rejects.toThrow(
      'MountVolume.SetUp failed for volume "login" : secret "db" not found',
    );
  });
});

describe("a Job's tries", () => {
  const podFailurePolicy = {
    rules: [
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      { action: "FailJob", onExitCodes: { containerName: "main", operator: "In", values: [1, 6] } },
    ],
  };
  const limits = { backoffLimit: 2, podFailurePolicy };

  it.each([
    { code: 0, tries: 1, reason: "Completed" },
    { code: 6, tries: 1, reason: "PodFailurePolicy" },
    { code: 2, tries: 3, reason: "BackoffLimitExceeded" },
  ])("exit code $code ends it after $tries: $reason", async ({ code, tries, reason }) => {
    const result = await runJob(job({ containers: [exit("main", code)] }, limits), around);
    expect(result).toMatchObject({ reason, succeeded: code === 0 });
    expect(result.tries).toHaveLength(tries);
    expect(new Set(result.tries.map(({ name }) => name)).size).toBe(tries);
  });

  it("a rule counts for the container that it names", async () => {
    const containers = [exit("main", 0), exit("beside", 6)];
    expect(await runJob(job({ containers }, { ...limits, backoffLimit: 0 }), around)).toMatchObject({
      reason: "BackoffLimitExceeded",
    });
    const told = await runJob(job({ containers: [exit("main", 6)] }, limits), around);
    expect(told.message).toMatch(
      /^Container main for pod blue\/work-\w+ failed with exit code 6 matching FailJob rule at index 1$/,
    );
  });
});

describe("an end from outside", () => {
  const polite = `process.on("SIGTERM", () => { console.log("told"); process.exit(143); }); setInterval(() => {}, 1000);`;
  const deaf = `process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000);`;

  it("the deadline sends SIGTERM, and SIGKILL after the grace period", async () => {
    const spec = { terminationGracePeriodSeconds: 1, containers: [say("polite", polite), say("deaf", deaf)] };
    const result = await runJob(job(spec, { activeDeadlineSeconds: 5 }), around);
    expect(result).toMatchObject({ succeeded: false, reason: "DeadlineExceeded" });
    expect(result.tries).toHaveLength(1);
    expect(result.tries.map(codes)).toEqual([{ polite: 143, deaf: 137 }]);
    expect(result.tries.map(logs)).toEqual([{ polite: "told", deaf: "deaf" }]);
  });

  it("so does deleting it, with every process that its containers started", async () => {
    // The grandchild holds the log open: were it left running, the pod would not end.
    const spawn = `require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      setInterval(() => {}, 1000);`;
    const deleted = AbortSignal.timeout(1_500);
    const spec = { terminationGracePeriodSeconds: 1, containers: [say("main", spawn)] };
    const result = await runPod(pod(spec), { ...around, signal: deleted });
    expect(result).toMatchObject({ phase: "Failed", reason: "Deleted" });
    expect(codes(result)).toEqual({ main: 143 });
  });
});

describe("what it cannot stand for is an error", () => {
  const main = exit("main", 0);
  it.each([
    ["volume", pod({ volumes: [{ name: "v", nfs: { path: "/", server: "nas" } }], containers: [main] }), "honour nfs"],
    ["pod field", pod({ hostNetwork: true, containers: [main] }), "honour hostNetwork"],
    ["restart policy", pod({ restartPolicy: "OnFailure", containers: [main] }), 'restartPolicy is "OnFailure"'],
    ["container field", pod({ containers: [{ ...main, lifecycle: {} }] }), "honour lifecycle"],
    ["image", pod({ containers: [{ ...main, image: "other:1" }] }), "no image other:1"],
    ["token", pod({ automountServiceAccountToken: true, containers: [main] }), "automountServiceAccountToken is true"],
  ])("%s", async (_what, manifest, message) => {
    await expect(runPod(manifest, around)).rejects.toThrow(message);
  });
});

describe("the chart's own rendering", () => {
  it("runs as it is: wait, then migrate and smoke, or revert, each with its folders", async () => {
    const script = `const paths = process.argv.slice(1).flatMap((text) => text.match(/\\/.*/) ?? []);
      const fs = require("fs"); console.log(process.argv.length, paths.every((path) => fs.existsSync(path)));`;
    const files = mkdtempSync(join(scratch, "image-"));
    const image = { entrypoint: [process.execPath, "-e", script, "--"], files: { "/migrations": files } };
    const rollback = { signing: { existingSecret: "signing" } };
    const manual = { enabled: true };
    const manifests = await render({ image: { repository: "fake", tag: "1" }, rollback, manual });
    const cluster = { images: { "fake:1": image }, secrets: { signing: { key: "secret" } }, manifests };
    const outcome = async (job: Manifest) => (await runJob(job, cluster)).tries.map(logs);
    const migrated = [{ wait: "5 true", migrate: "8 true", smoke: "6 true" }];
    expect(await outcome(findKind(manifests, "Job", "-migrate"))).toEqual(migrated);
    expect(await outcome(jobFrom(manifests, "-manual-migrate"))).toEqual(migrated);
    expect(await outcome(findKind(manifests, "Job", "-revert"))).toEqual([{ wait: "5 true", revert: "8 true" }]);
    expect(await outcome(jobFrom(manifests, "-manual-revert"))).toEqual([{ wait: "5 true", revert: "11 true" }]);
    expect(logs(await runPod(findKind(manifests, "Pod"), cluster))).toEqual({ smoke: "5 true" });
    rmSync(files, { recursive: true });
  });
});
