import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rewrite } from "../support/pod/paths.ts";
import { runJob } from "../support/pod/run-job.ts";
import { runPod } from "../support/pod/run-pod.ts";
import { around, codes, exit, job, logs, note, pod, say, shared, useScratch } from "./pod-scene.ts";

const { scratch } = useScratch();

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
