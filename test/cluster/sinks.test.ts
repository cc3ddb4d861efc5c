import { expect, test } from "vitest";
import { type TestNamespace, withNamespace } from "./harness/namespace.ts";
import { nodeImage } from "./harness/restricted-job.ts";
import { chart, helm, helmDoes, helmRefuses, inlineValues, UP, type Values } from "./release.ts";

const ORDERS = { "1_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, mail text);" };
const ROWS = { "2_rows.sql": "INSERT INTO orders VALUES (1, 'ada@example.com'), (2, 'ada@example.com');" };
const UNIQUE = { "3_unique.sql": "CREATE UNIQUE INDEX orders_mail ON orders (mail);" };
const CANARY = "ada@example.com";
const JOB = "gate-headgate-migrate";
const RUNS = "gate-headgate-runs";

interface KubernetesEvent {
  readonly reason: string;
  readonly type: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid?: string };
}

interface ConfigMap {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly data: Readonly<Record<string, string>>;
}

/** An application's Deployment without a pod. */
const deployment = (image: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "shop" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "shop" } },
    template: { metadata: { labels: { app: "shop" } }, spec: { containers: [{ name: "app", image }] } },
  },
});

const eventsOn = async (ns: TestNamespace, kind: string): Promise<KubernetesEvent[]> =>
  (await ns.list<KubernetesEvent>("events.events.k8s.io")).filter(
    ({ regarding, reason }) => regarding.kind === kind && /Migrat/.test(reason),
  );

test("Events on the Job and on the application, and the last runs in a ConfigMap, by a Role that allows nothing else", () =>
  withNamespace(async (ns) => {
    const report = {
      events: true,
      eventsOn: { kind: "Deployment", name: "shop" },
      configMap: { enabled: true, runs: 2 },
    };
    const values = async (files: Readonly<Record<string, string>>): Promise<Values> => ({
      ...(await inlineValues(ns, files)),
      report,
    });
    const notes = await helmDoes(ns, ["install", "gate", chart], { values: await values(ORDERS) });
    expect(notes).toContain(`get configmap ${RUNS} -o yaml`);
    expect(notes).not.toContain("did not reach");
    expect(await eventsOn(ns, "Deployment")).toMatchObject([{ regarding: { name: "shop" }, reason: "Migrated" }]);

    await ns.apply(deployment(nodeImage(ns.cluster)));
    await helmDoes(ns, UP, { values: await values({ ...ORDERS, ...ROWS }) });
    const refused = await helmRefuses(ns, UP, { values: await values({ ...ORDERS, ...ROWS, ...UNIQUE }) });
    expect(refused).toContain(CANARY);
    expect(refused).not.toContain("did not reach");

    const events = [...(await eventsOn(ns, "Job")), ...(await eventsOn(ns, "Deployment"))];
    expect(events.filter(({ type }) => type === "Warning").map(({ regarding }) => regarding.name)).toEqual([
      JOB,
      "shop",
    ]);
    expect(JSON.stringify(events)).not.toContain(CANARY);
    const described = await ns.kubectl(["describe", "deployment", "shop"]);
    expect(described).toContain("MigrationFailed");
    expect(described).toContain("1 migration applied: 2_rows");

    const { data, metadata } = await ns.get<ConfigMap>("configmap", RUNS);
    expect(metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "headgate" });
    const reports = Object.keys(data)
      .toSorted()
      .map((key) => JSON.parse(data[key] ?? ""));
    expect(reports).toMatchObject([
      { outcome: "done", applied: [{ name: "2_rows" }], release: { revision: 2 } },
      { outcome: "failed", exitCode: 6, release: { revision: 3 } },
    ]);
    expect(JSON.stringify(data)).not.toContain(CANARY);

    const who = `system:serviceaccount:${ns.name}:${JOB}`;
    const may = await ns.kubectl(["auth", "can-i", "--list", `--as=${who}`]);
    expect(may).toMatch(/events\.events\.k8s\.io +\[\] +\[\] +\[create\]/);
    expect(may).toMatch(/configmaps +\[\] +\[\] +\[create\]/);
    expect(may).toMatch(/configmaps +\[\] +\[gate-headgate-runs\] +\[get update\]/);
    expect(may).toMatch(/deployments\.apps +\[\] +\[shop\] +\[get\]/);
    expect(may).not.toContain("secrets");

    await helmDoes(ns, ["uninstall", "gate"]);
    expect(Object.keys((await ns.get<ConfigMap>("configmap", RUNS)).data)).toHaveLength(2);
  }));

/** A native sidecar with node: the agent's pod sees it on the loopback. */
const sidecar = (ns: TestNamespace, name: string, script: string) => ({
  name,
  image: nodeImage(ns.cluster),
  imagePullPolicy: "IfNotPresent",
  command: ["node", "--eval", `process.on("SIGTERM", () => process.exit()); ${script}`],
});

const HOOK = `require("node:http").createServer((asked, answer) => {
  let body = "";
  asked.on("data", (chunk) => { body += chunk; });
  asked.on("end", () => { console.log(asked.url + " " + body); answer.end("ok"); });
}).listen(9099, "127.0.0.1");`;

test("webhooks, whose URLs are files of Secrets, get what failed and nothing of a row", () =>
  withNamespace(async (ns) => {
    await ns.secret("hook", { url: "http://127.0.0.1:9099/hook/canary-of-the-url\n" });
    await ns.secret("chat", { address: "http://127.0.0.1:9099/services/canary-of-the-url" });
    const values = {
      ...(await inlineValues(ns, { ...ORDERS, ...ROWS, ...UNIQUE })),
      nativeSidecars: [sidecar(ns, "hook", HOOK)],
      report: { webhook: { existingSecret: "hook" }, slack: { existingSecret: "chat", key: "address" } },
    };
    const output = await helmRefuses(ns, ["install", "gate", chart], { values });
    expect(output).not.toContain("did not reach");
    expect(output).not.toContain("canary-of-the-url");
    const log = await ns.kubectl(["logs", `job/${JOB}`, "--container", "hook"]);
    expect(log).toMatch(/^\/hook\/canary-of-the-url \{"format":1,"command":"migrate","outcome":"failed"/m);
    expect(log).toMatch(/^\/services\/canary-of-the-url \{"text":"\*gate revision 1 in test-\w+: migrate failed\*/m);
    expect(log).not.toContain(CANARY);
  }));

test("a webhook's Secret that is missing, and an API server that is down or never answers, cost one warning each", () =>
  withNamespace(async (ns) => {
    const wall = sidecar(ns, "wall", `require("node:net").createServer(() => {}).listen(9443, "127.0.0.1");`);
    const apiServer = (port: string) => [
      { name: "KUBERNETES_SERVICE_HOST", value: "127.0.0.1" },
      { name: "KUBERNETES_SERVICE_PORT", value: port },
    ];
    const values = {
      ...(await inlineValues(ns, ORDERS)),
      nativeSidecars: [wall],
      report: {
        events: true,
        configMap: { enabled: true },
        webhook: { existingSecret: "not-there", when: "always" },
      },
    };
    const hangs = await helm(ns, ["install", "gate", chart], { values: { ...values, extraEnv: apiServer("9443") } });
    expect(hangs.code, hangs.output).toBe(0);
    for (const sink of ["event", "config-map"]) {
      expect(hangs.output).toContain(`the report did not reach ${sink}: no answer in 4 s`);
    }
    expect(hangs.output).toContain(
      "the report did not reach webhook: the Secret's file /etc/headgate/webhook/url is not",
    );
    const down = await helm(ns, UP, { values: { ...values, extraEnv: apiServer("9442") } });
    expect(down.code, down.output).toBe(0);
    for (const sink of ["event", "config-map"]) {
      expect(down.output).toMatch(new RegExp(`the report did not reach ${sink}: .*ECONNREFUSED`));
    }
  }));
