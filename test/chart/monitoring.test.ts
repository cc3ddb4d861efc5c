import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { metrics } from "../../agent/report/metrics.ts";
import { chartDir } from "../support/tools.ts";
import { dashboardQueries, everything, renderedRules } from "./monitoring.ts";
import { findKind, render } from "./rendered.ts";

const ours = metrics.map(({ name }) => name);
const named = (queries: readonly string[]): string[] => [
  ...new Set(queries.flatMap((query) => query.match(/\b(headgate|kube)_\w+/g) ?? [])),
];

test("the dashboard shows every metric that there is, and no other", async () => {
  expect(named(await dashboardQueries()).toSorted()).toEqual(ours.toSorted());
});

test("the dashboard is carried whole, under the labels by which Grafana finds it", async () => {
  const { data, metadata } = findKind(await render(everything), "ConfigMap", "-dashboard");
  const file = await readFile(join(chartDir, "dashboards/headgate.json"), "utf8");
  expect(JSON.parse((data as Record<string, string>)["headgate.json"] ?? "")).toEqual(JSON.parse(file));
  expect(metadata.labels).toMatchObject({ grafana_dashboard: "1" });
});

test("the alerts ask for metrics that there are, of this release alone", async () => {
  const rules = (await renderedRules()).groups.flatMap((group) => group.rules);
  expect(rules.map(({ alert }) => alert)).toEqual([
    "HeadgateJobFailed",
    "HeadgateJobStuck",
    "HeadgateRunFailed",
    "HeadgateDrift",
    "HeadgateNoSuccess",
  ]);
  const kube = ["kube_job_status_failed", "kube_job_complete", "kube_job_status_active", "kube_job_status_start_time"];
  expect([...ours, ...kube]).toEqual(expect.arrayContaining(named(rules.map(({ expr }) => expr))));
  for (const { expr, annotations, labels, alert } of rules) {
    expect(expr, alert).toMatch(/namespace="default",(release="shop"|job_name=~"shop-headgate-migrate\|)/);
    expect(annotations.summary, alert).toContain("{{ $");
    expect(labels.severity).toBe("warning");
  }
});

test("an alert of a failed run ends with the next run of whatever command, and drift has its own", async () => {
  const { rules } = (await renderedRules()).groups[0] ?? { rules: [] };
  const expr = rules.find(({ alert }) => alert === "HeadgateRunFailed")?.expr ?? "";
  expect(expr).toContain("== on (namespace, release, target) group_left () max by (namespace, release, target)");
  expect(expr.match(/headgate_\w+\{namespace="default",release="shop",command!="verify"\}/g)).toHaveLength(3);
});

test("an alert on a success that is long ago is there only when somebody says how long", async () => {
  const manifests = await render({ monitoring: { prometheusRule: { enabled: true } } });
  expect(JSON.stringify(manifests)).not.toContain("HeadgateNoSuccess");
});
