import { type Labels, labelNames, labelsOf, measured, type Sample } from "./metrics.ts";
import { post } from "./post.ts";
import { samplesText } from "./prometheus-text.ts";
import type { Sink } from "./sink.ts";

/** Base64, for a value may be empty or hold a slash. */
const segment = (name: string, value: string): string =>
  `${name}@base64/${Buffer.from(value).toString("base64url") || "="}`;

const groupOf = (labels: Labels): string => labelNames.map((name) => segment(name, labels[name])).join("/");

export const pushgateway: Sink = {
  name: "pushgateway",
  wanted: ({ outside }) => outside !== undefined && outside.settings.prometheus.pushgateway.url !== "",
  async deliver(delivery, signal) {
    const { outside, report } = delivery;
    if (outside === undefined) return;
    const { url, job } = outside.settings.prometheus.pushgateway;
    const base = `${url.replace(/\/+$/, "")}/metrics/job/${job}`;
    const groups = Map.groupBy(measured(report, labelsOf(delivery)), ({ labels }) => groupOf(labels));
    // POST, not PUT: a metric that this run does not tell keeps its last value.
    const push = async ([group, samples]: [string, Sample[]]) =>
      await post(new URL(`${base}/${group}`), {
        ...{ body: samplesText(samples), type: "text/plain; version=0.0.4", signal },
      });
    await Promise.all([...groups].map(push));
  },
};
