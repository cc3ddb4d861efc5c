import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { chartDir, helmTemplate, hooks, type Manifest } from "../support/tools.ts";
import { cronJobs, findKind, kinds } from "./rendered.ts";

const dependency = { name: "headgate", version: "0.1.0" };
const parentChart = {
  apiVersion: "v2",
  name: "shop",
  version: "1.0.0",
  dependencies: [
    { ...dependency, alias: "ordersDb", condition: "ordersDb.enabled" },
    { ...dependency, alias: "billing", condition: "billing.enabled" },
  ],
};
const probe = `apiVersion: v1
kind: ConfigMap
metadata:
  name: probe
data:
  {{- with .Subcharts.ordersDb }}
  image: {{ include "headgate.image" . }}
  checksum: {{ include "headgate.planChecksum" . | quote }}
  {{- end }}
`;
const values = {
  ordersDb: { database: { existingSecret: "orders" } },
  billing: { database: { existingSecret: "billing" } },
};

let parent = "";

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "headgate-parent-"));
  await mkdir(join(parent, "templates"));
  await cp(chartDir, join(parent, "charts/headgate"), { recursive: true });
  await writeFile(join(parent, "Chart.yaml"), stringify(parentChart));
  await writeFile(join(parent, "templates/probe.yaml"), probe);
});

afterAll(() => rm(parent, { recursive: true, force: true }));

const render = (more: Record<string, unknown> = {}): Promise<Manifest[]> =>
  helmTemplate({ chart: parent, release: "shop", values: { ...values, ...more } });

test("each alias gives objects of its own, and a camelCase one is written as names are", async () => {
  const jobs = (await render()).filter((manifest) => manifest.kind === "Job");
  expect(jobs.map((job) => job.metadata.name).toSorted()).toEqual([
    "shop-billing-migrate",
    "shop-billing-revert",
    "shop-orders-db-migrate",
    "shop-orders-db-revert",
  ]);
  const names = (await render()).map((manifest) => `${manifest.kind}/${manifest.metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
});

test("an alias changes neither the chart's name in the labels nor the one that the agent reads", async () => {
  const job = findKind(await render(), "Job", "orders-db-migrate");
  expect(job.metadata.labels).toMatchObject({
    "app.kubernetes.io/name": "headgate",
    "helm.sh/chart": "headgate-0.1.0",
  });
  expect(JSON.stringify(job)).toContain(String.raw`\"chart\":\"headgate-0.1.0\"`);
});

test("the gates run one after the other, all support before the first Job", async () => {
  const order = hooks(await render(), "pre-upgrade").map((hook) => hook.metadata.name);
  expect(order).toEqual([
    "shop-billing-migrate",
    "shop-orders-db-migrate",
    "shop-billing-migrate",
    "shop-orders-db-migrate",
  ]);
});

test("going back runs the gates in the same order, and an alias can be started by hand under its own name", async () => {
  const manual = { ordersDb: { ...values.ordersDb, manual: { enabled: true } } };
  const manifests = await render(manual);
  expect(hooks(manifests, "pre-rollback").map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
    "ServiceAccount/shop-billing-migrate",
    "ServiceAccount/shop-orders-db-migrate",
    "Job/shop-billing-revert",
    "Job/shop-orders-db-revert",
  ]);
  expect(cronJobs(manifests).map(({ metadata }) => metadata?.name)).toEqual([
    "shop-orders-db-manual-migrate",
    "shop-orders-db-manual-revert",
  ]);
});

test("a parent's condition takes one away, and its template can ask whether it is there", async () => {
  const manifests = await render({ ordersDb: { enabled: false } });
  expect(kinds(manifests)).toEqual(["ConfigMap", "ConfigMap", "Job", "Job", "Pod", "ServiceAccount"]);
  expect(findKind(manifests, "ConfigMap", "probe").data).toBeNull();
});

test("a parent gets image and checksum of the alias, with the shared registry applied", async () => {
  const global = { imageRegistry: "registry.example.com", imagePullSecrets: ["login"], other: { key: 1 } };
  const [plain, shared] = [await render(), await render({ global })].map((each) =>
    findKind(each, "ConfigMap", "probe"),
  );
  expect(plain?.data).toMatchObject({ image: "headgate:0.1.0", checksum: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(shared?.data).toMatchObject({ image: "registry.example.com/headgate:0.1.0" });
  expect(JSON.stringify(shared?.data)).not.toContain(JSON.stringify(plain?.data));
});

test("the schema's refusal names the alias", async () => {
  await expect(render({ billing: { databse: {} } })).rejects.toThrow(/billing[\s\S]*databse/);
});

test("the chart's own refusal names the template of the alias", async () => {
  await expect(render({ billing: { image: { tag: "latest" } } })).rejects.toThrow(/image\.tag is "latest"/);
});
