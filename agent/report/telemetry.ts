import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { labelsOf, measured } from "./metrics.ts";
import { outward } from "./outward.ts";
import type { Delivery, Outside } from "./sink.ts";
import { traceRun } from "./telemetry-trace.ts";

/** Shorter than what all sinks have together, so that the exporter can say itself what was wrong. */
const TIMEOUT_MS = 3_000;

/** OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win. */
const resourceOf = ({ report: { release, agentVersion } }: Delivery): Resource =>
  defaultResource()
    .merge(
      resourceFromAttributes({
        "service.name": "headgate",
        "service.version": agentVersion,
        ...(release === undefined ? {} : { "k8s.namespace.name": release.namespace }),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));

function optionsFor(path: "v1/traces" | "v1/metrics", { settings }: Outside) {
  const { endpoint } = settings.openTelemetry;
  return {
    timeoutMillis: TIMEOUT_MS,
    ...(endpoint === "" ? {} : { url: `${endpoint.replace(/\/+$/, "")}/${path}` }),
  };
}

/** An exporter's callback as a promise: by the SDK's own processors a failure would be nobody's. */
async function exported(send: (done: (result: ExportResult) => void) => void): Promise<void> {
  const { code, error } = await new Promise<ExportResult>((resolve) => send(resolve));
  if (code !== ExportResultCode.SUCCESS) throw error ?? new Error("the collector did not take it");
}

async function exportTrace(delivery: Delivery, outside: Outside): Promise<void> {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource: resourceOf(delivery),
    spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
  });
  traceRun(provider.getTracer("headgate", delivery.report.agentVersion), outward(delivery), {
    labels: labelsOf(delivery),
    env: outside.env,
  });
  const exporter = new OTLPTraceExporter(optionsFor("v1/traces", outside));
  try {
    const spans = memory.getFinishedSpans();
    if (spans.length > 0) await exported((done) => exporter.export(spans, done));
  } finally {
    await Promise.all([exporter.shutdown(), provider.shutdown()]);
  }
}

async function exportMetrics(delivery: Delivery, outside: Outside): Promise<void> {
  const exporter = new OTLPMetricExporter(optionsFor("v1/metrics", outside));
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  const provider = new MeterProvider({ resource: resourceOf(delivery), readers: [reader] });
  const meter = provider.getMeter("headgate", delivery.report.agentVersion);
  for (const { metric, labels, value } of measured(delivery.report, labelsOf(delivery))) {
    const { name, help, unit } = metric;
    meter.createGauge(name, { description: help, unit }).record(value, labels);
  }
  try {
    const { resourceMetrics } = await reader.collect();
    await exported((done) => exporter.export(resourceMetrics, done));
  } finally {
    // The provider's own shutdown would send everything once more.
    await exporter.shutdown();
  }
}

/** Sends the run's trace and its metrics. Rejects when one of them was not taken. */
export async function exportRun(delivery: Delivery): Promise<void> {
  const { outside } = delivery;
  if (outside === undefined) return;
  const wanted = (signal: "TRACES" | "METRICS") => outside.env[`OTEL_${signal}_EXPORTER`] !== "none";
  await Promise.all([
    ...(wanted("TRACES") ? [exportTrace(delivery, outside)] : []),
    ...(wanted("METRICS") ? [exportMetrics(delivery, outside)] : []),
  ]);
}
