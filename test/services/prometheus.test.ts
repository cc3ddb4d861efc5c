import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { metrics } from "../../agent/report/metrics.ts";
import { pushgateway as sink } from "../../agent/report/pushgateway.ts";
import type { Report } from "../../agent/report/report.ts";
import { dashboardQueries, renderedRules } from "../chart/monitoring.ts";
import { deliveryOf } from "../unit/report/delivery.ts";
import { whole } from "../unit/report/whole.ts";
import { promcheck } from "./harness/promcheck.ts";
import { type Pushgateway, startPushgateway } from "./harness/pushgateway.ts";

let gateway: Pushgateway;
beforeAll(async () => {
  gateway = await startPushgateway();
});
afterAll(() => gateway.stop());

const release = {
  ...{ name: "shop", namespace: "web", revision: 7, chart: "headgate-0.1.0", image: "shop:1" },
  ...{ deadlineSeconds: 225, graceSeconds: 60 },
};

async function push(part: Partial<Report>): Promise<void> {
  const settings = { prometheus: { pushgateway: { url: `${gateway.url}/` } } };
  const delivery = await deliveryOf(whole(part), settings, { target: "shop/one" });
  expect(sink.wanted(delivery)).toBe(true);
  await sink.deliver(delivery, AbortSignal.timeout(5_000));
}

const LABELS = 'command="migrate",instance="",job="headgate",namespace="web",release="shop",target="shop/one"';

it("a Pushgateway keeps a run's metrics, and the last success when a later run fails", async () => {
  await push({ release, startedAt: "2026-01-01T00:00:00Z", durationMs: 4_000 });
  const good = await gateway.metrics();
  expect(good).toContain(`headgate_run_failed{${LABELS}} 0`);
  expect(good).toContain(`headgate_run_success_timestamp_seconds{${LABELS}} 1.767225604e+09`);
  await push({ release, startedAt: "2026-01-02T00:00:00Z", outcome: "failed", exitCode: 6 });
  const bad = await gateway.metrics();
  expect(bad).toContain(`headgate_run_failed{${LABELS}} 1`);
  expect(bad).toContain(`headgate_run_exit_code{${LABELS}} 6`);
  expect(bad).toContain(`headgate_run_success_timestamp_seconds{${LABELS}} 1.767225604e+09`);
});

it("a run at the desk has no release, and other commands stand beside it", async () => {
  await push({ command: "revert" });
  const scraped = await gateway.metrics();
  expect(scraped).toContain(`headgate_run_failed{${LABELS}}`);
  expect(scraped).toMatch(/headgate_run_failed\{command="revert",.*namespace="",release="",target="shop\/one"\} 0/);
});

it("drift that a migrate tells stands where verify's does", async () => {
  const drift = [{ object: "table orders", kind: "added" as const }];
  const told = async () =>
    [...(await gateway.metrics()).matchAll(/^headgate_run_drift_objects\{command="(\w+)".*\} (\d+)$/gm)].map(
      ([, ...one]) => one,
    );
  await push({ release, command: "verify", outcome: "failed", drift });
  expect(await told()).toEqual([["verify", "1"]]);
  await push({ release, drift, schema: [] });
  expect(await told()).toEqual([["verify", "0"]]);
});

it("Prometheus' own parser takes every alert and every query of the dashboard, and all their metrics exist", async () => {
  const known = [
    ...metrics.map(({ name }) => name),
    ...["kube_job_status_failed", "kube_job_complete", "kube_job_status_active", "kube_job_status_start_time"],
  ];
  const rules = stringify(await renderedRules());
  const { problems, metrics: asked } = await promcheck({ rules, queries: await dashboardQueries() });
  expect(problems).toEqual([]);
  expect(asked).toEqual(known.toSorted());
});

it("a rule that does not parse is found", async () => {
  const rules = stringify({ groups: [{ name: "a", rules: [{ alert: "A", expr: "headgate_run_failed >" }] }] });
  expect((await promcheck({ rules, queries: [] })).problems).toHaveLength(2);
});
