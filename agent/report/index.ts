import { reasonOf } from "../lib/reason.ts";
import { configMap } from "./config-map.ts";
import { event } from "./event.ts";
import { files } from "./files.ts";
import { logSummary } from "./log-summary.ts";
import { openTelemetry } from "./open-telemetry.ts";
import { prometheusFile } from "./prometheus-file.ts";
import { pushgateway } from "./pushgateway.ts";
import { runRow } from "./run-row.ts";
import type { Delivery, Sink } from "./sink.ts";
import { slack } from "./slack.ts";
import { terminationMessage } from "./termination-message.ts";
import { webhook } from "./webhook.ts";

/** Every sink. */
export const sinks: readonly Sink[] = [
  runRow,
  terminationMessage,
  event,
  configMap,
  files,
  webhook,
  slack,
  prometheusFile,
  pushgateway,
  openTelemetry,
  logSummary,
];

/** For all of them together: with what a slow one costs besides, it stays under five seconds. */
const LIMIT_MS = 4_000;

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

async function deliverTo(sink: Sink, delivery: Delivery, over: AbortSignal): Promise<void> {
  try {
    if (sink.wanted(delivery)) await Promise.race([sink.deliver(delivery, over), aborted(over)]);
  } catch (error) {
    delivery.log.warn(`the report did not reach ${sink.name}: ${reasonOf(error)}`);
  }
}

/** Tells every sink at once; none of them can change the outcome. */
export async function deliver(delivery: Delivery): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new Error(`no answer in ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
  try {
    await Promise.all(sinks.map((sink) => deliverTo(sink, delivery, over.signal)));
  } finally {
    clearTimeout(timer);
  }
}
