import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Container, V1JobSpec, V1PodSpec } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rewrite } from "../support/pod/paths.ts";
import { runJob } from "../support/pod/run-job.ts";
import { runPod } from "../support/pod/run-pod.ts";
import type { PodResult, Surroundings } from "../support/pod/types.ts";
import type { Manifest } from "../support/tools.ts";
import { findKind, jobFrom, render } from "./rendered.ts";

/** Runs its first argument as JavaScript; the rest are the script's own. */
const images: Surroundings["images"] = { "fake:1": { entrypoint: [process.execPath, "-e"] } };
const around: Surroundings = { images, pauseMs: 1 };

const say = (name: string, script = "", more: Partial<V1Container> = {}): V1Container => ({
  name,
  image: "fake:1",
  args: [script],
  ...more,
});
const exit = (name: string, code: number): V1Container => say(name, `process.exit(${code})`);

const podSpec = (spec: Partial<V1PodSpec>): V1PodSpec => ({ restartPolicy: "Never", containers: [], ...spec });
const pod = (spec: Partial<V1PodSpec>, metadata: Partial<Manifest["metadata"]> = {}): Manifest => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "probe", namespace: "blue", ...metadata },
  spec: podSpec(spec),
});
const job = (spec: Partial<V1PodSpec>, more: Partial<V1JobSpec> = {}): Manifest => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "work", namespace: "blue" },
  spec: { template: { metadata: { labels: { app: "work" } }, spec: podSpec(spec) }, ...more },
});
const logs = ({ containers }: PodResult) => Object.fromEntries(containers.map(({ name, log }) => [name, log.trim()]));
const codes = ({ containers }: PodResult) =>
  Object.fromEntries(containers.map(({ name, exitCode }) => [name, exitCode]));

const shared = { name: "shared", emptyDir: {} };
/** A script that finds the shared folder in `dir`. */
const note = (name: string, script = "", more: Partial<V1Container> = {}): V1Container =>
  say(name, "", {
    volumeMounts: [{ name: "shared", mountPath: "/shared" }],
    args: [`const [dir] = process.argv.slice(1); const fs = require("fs"); ${script}`, "/shared"],
    ...more,
  });

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

describe("order", () => {
  it("starts sidecars first, runs init containers one after another, then all containers at once", async () => {
    const awaitFile = (file: string) =>
      `for (let i = 0; i < 1000 && !fs.existsSync(dir + "/${file}"); i += 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);`;
    const write = (file: string) => `fs.writeFileSync(dir + "/${file}", "");`;
    const list = `console.log(fs.readdirSync(dir).sort().join(" "));`;
    const result = await runPod(
      pod({
        volumes: [shared],
        initContainers: [
          note("proxy", `${write("0")} process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000);`, {
            restartPolicy: "Always",
          }),
          note("first", `${awaitFile("0")} ${write("1")}`),
          note("second", `${list} ${write("2")}`),
        ],
        // Each waits for the other: one after another they would give up.
        containers: [
          note("left", `${write("l")} ${awaitFile("r")} ${list}`),
          note("right", `${write("r")} ${awaitFile("l")}`),
        ],
      }),
      around,
    );
    expect(result.phase).toBe("Succeeded");
    expect(result.containers.map(({ name, role }) => `${role} ${name}`)).toEqual([
      "sidecar proxy",
      "init first",
      "init second",
      "main left",
      "main right",
    ]);
    expect(logs(result)).toMatchObject({ second: "0 1", left: "0 1 2 l r" });
    expect(codes(result)).toMatchObject({ proxy: 7 });
  });

  it("stops at an init container that fails", async () => {
    const result = await runPod(
      pod({ initContainers: [exit("first", 4), exit("second", 0)], containers: [exit("main", 0)] }),
      around,
    );
    expect(result.phase).toBe("Failed");
    expect(codes(result)).toEqual({ first: 4 });
  });

  it("starts a sidecar again that ends, and lets no exit code of it decide", async () => {
    const result = await runPod(
      pod({
        volumes: [shared],
        initContainers: [
          note("proxy", `fs.appendFileSync(dir + "/starts", "x"); process.exit(1);`, { restartPolicy: "Always" }),
        ],
        containers: [
          note(
            "main",
            `setInterval(() => { if (fs.existsSync(dir + "/starts") && fs.statSync(dir + "/starts").size > 1) process.exit(0); }, 20);`,
          ),
        ],
      }),
      around,
    );
    expect(result.phase).toBe("Succeeded");
  });
});

describe("what a container sees", () => {
  it("its variables: the image's, envFrom's and env's, with fields of the pod and keys of Secrets", async () => {
    const print = "console.log(JSON.stringify(process.env))";
    const container = say("main", print, {
      envFrom: [{ secretRef: { name: "all" }, prefix: "S_" }],
      env: [
        { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "TEAM", valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
        { name: "KEY", valueFrom: { secretKeyRef: { name: "all", key: "one" } } },
        { name: "MAYBE", valueFrom: { secretKeyRef: { name: "none", key: "one", optional: true } } },
        { name: "GREETING", value: "$(POD) of $(TEAM) has $(KEY), $(NOTHING) and $$(POD)" },
      ],
    });
    const result = await runPod(pod({ containers: [container] }, { labels: { team: "red" } }), {
      images: { "fake:1": { entrypoint: [process.execPath, "-e"], env: { KEY: "image", HOME: "/nowhere" } } },
      secrets: { all: { one: "1" } },
    });
    const env: unknown = JSON.parse(logs(result).main ?? "");
    expect(env).toEqual({
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: "/nowhere",
      KEY: "1",
      S_one: "1",
      POD: "probe",
      TEAM: "red",
      GREETING: "probe of red has 1, $(NOTHING) and $(POD)",
    });
  });

  it("its volumes, at the places that its arguments and variables name", async () => {
    const read = `const fs = require("fs"); const [own, key, sql] = process.argv.slice(1);
      console.log([own, key, sql, process.env.CONF].map((path) => fs.readFileSync(path.replace(/^.*?=/, ""), "utf8")).join(" "));
      fs.writeFileSync(process.argv[4], "short verdict");`;
    const container = say("main", "", {
      args: [
        read,
        "--",
        "--pod=/etc/pod/uid",
        "/etc/pod/secret/a/key",
        "--dir=/migrations/1.sql",
        "/dev/termination-log",
      ],
      env: [{ name: "CONF", value: "/conf/limits" }],
      volumeMounts: [
        { name: "about", mountPath: "/etc/pod", readOnly: true },
        { name: "login", mountPath: "/etc/pod/secret", readOnly: true },
        { name: "conf", mountPath: "/conf" },
      ],
    });
    const item = { path: "uid", fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } };
    const configMap = { ...pod({}), kind: "ConfigMap", metadata: { name: "limits" }, data: { limits: "5" } };
    const files = mkdtempSync(join(scratch, "image-"));
    writeFileSync(join(files, "1.sql"), "SELECT 1");
    const result = await runJob(
      job({
        volumes: [
          { name: "about", downwardAPI: { items: [item] } },
          { name: "login", secret: { secretName: "db", items: [{ key: "password", path: "a/key" }] } },
          { name: "conf", configMap: { name: "limits" } },
        ],
        containers: [container],
      }),
      {
        images: { "fake:1": { entrypoint: [process.execPath, "-e"], files: { "/migrations": files } } },
        secrets: { db: { password: "s3cret" } },
        manifests: [configMap],
      },
    );
    rmSync(files, { recursive: true });
    const [main] = result.tries[0]?.containers ?? [];
    expect(main?.log).toBe("work s3cret SELECT 1 5\n");
    expect(main?.terminationMessage).toBe("short verdict");
  });

  it("rewrites whole paths alone, the longest first, and none twice", () => {
    const paths = new Map([
      ["/tmp", "/here/tmp"],
      ["/run", "/tmp/run"],
      ["/run/secret", "/x/secret"],
    ]);
    expect(rewrite("--a=/run/secret/key --b=/run:/tmp /tmpfs /var/tmp /run.d", paths)).toBe(
      "--a=/x/secret/key --b=/tmp/run:/here/tmp /tmpfs /var/tmp /run.d",
    );
  });

  it("the last lines of the log are the message of a container that left none and failed", async () => {
    const script = `console.error("told why"); process.exit(1)`;
    const container = say("main", script, { terminationMessagePolicy: "FallbackToLogsOnError" });
    const result = await runPod(pod({ containers: [container] }), around);
    expect(result.containers[0]?.terminationMessage).toBe("told why\n");
  });
});

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
    const result = await runJob(job(spec, { activeDeadlineSeconds: 2 }), around);
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
