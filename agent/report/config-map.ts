import { boundedJson, isNews, outward } from "./outward.ts";
import type { Report } from "./report.ts";
import type { Sink } from "./sink.ts";

/** 50 of them, the most that the settings allow, stay under the 1 MiB that Kubernetes keeps. */
const MOST_BYTES = 16 * 1_024;

const OURS = /^\d{8}T\d{9}Z-[a-z]+\.json$/;

/** Names sort by time. */
const keyOf = ({ startedAt, command }: Report): string =>
  `${new Date(startedAt).toISOString().replaceAll(/[-:.]/g, "")}-${command}.json`;

/** The data with a run added, and without the oldest of more than `runs`. What is not ours stays. */
export function withRun(
  data: Readonly<Record<string, string>>,
  report: Report,
  runs: number,
): Readonly<Record<string, string>> {
  const all = { ...data, [keyOf(report)]: boundedJson(report, MOST_BYTES) };
  const ours = Object.keys(all).filter((key) => OURS.test(key));
  const old = new Set(ours.toSorted().slice(0, -runs));
  return Object.fromEntries(Object.entries(all).filter(([key]) => !old.has(key)));
}

export const configMap: Sink = {
  name: "config-map",
  wanted: ({ outside, pod, report }) =>
    outside?.settings.configMap.enabled === true && pod !== undefined && pod.jobName !== "" && isNews(report),
  async deliver({ outside, pod, report, clean }, signal) {
    const name = pod?.release.runsConfigMap ?? "";
    if (outside === undefined || pod === undefined) return;
    if (name === "") throw new Error("the release does not name the ConfigMap; render the Job with Headgate's chart");
    const labels = {
      "app.kubernetes.io/name": "headgate",
      "app.kubernetes.io/instance": pod.release.name,
      "app.kubernetes.io/component": "runs",
      "app.kubernetes.io/managed-by": "headgate",
    };
    const { changeConfigMap } = await import("../kubernetes/config-map.ts");
    const { runs } = outside.settings.configMap;
    const told = outward({ report, clean });
    await changeConfigMap({ namespace: pod.namespace, name, labels, signal }, (data) => withRun(data, told, runs));
  },
};
