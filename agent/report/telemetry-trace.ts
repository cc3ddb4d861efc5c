import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { Labels } from "./metrics.ts";
import type { Report, StageRecord } from "./report.ts";

interface Piece {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly attributes?: Attributes;
  /** What went wrong, if this did. */
  readonly error?: string | undefined;
}

/** The span of whoever started this run, as TRACEPARENT names it. */
function parentOf({ TRACEPARENT, TRACESTATE }: Readonly<Record<string, string | undefined>>): Context {
  if (TRACEPARENT === undefined) return ROOT_CONTEXT;
  const carrier = { traceparent: TRACEPARENT, ...(TRACESTATE === undefined ? {} : { tracestate: TRACESTATE }) };
  return new W3CTraceContextPropagator().extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}

/** Draws a span and what is in it. */
function draw(tracer: Tracer, parent: Context, { name, startMs, durationMs, attributes, error }: Piece): Context {
  const span = tracer.startSpan(name, { startTime: startMs, ...(attributes && { attributes }) }, parent);
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end(startMs + durationMs);
  return trace.setSpan(parent, span);
}

/** Each behind the one before it, unless a record says when it began. */
function inARow<T extends { readonly durationMs: number; readonly startedMs?: number | undefined }>(
  records: readonly T[],
  fromMs: number,
  originMs: number,
): { readonly record: T; readonly startMs: number }[] {
  let at = fromMs;
  return records.map((record) => {
    const startMs = record.startedMs === undefined ? at : originMs + record.startedMs;
    at = startMs + record.durationMs;
    return { record, startMs };
  });
}

const ran = ({ status }: StageRecord): boolean => status === "ok" || status === "failed";

/** Draws a finished run: the run, its stages, and in them its migrations. */
export function traceRun(
  tracer: Tracer,
  report: Report,
  { labels, env }: { readonly labels: Labels; readonly env: Readonly<Record<string, string | undefined>> },
): void {
  const { command, outcome, exitCode, error, database, planHash, release } = report;
  const originMs = Date.parse(report.startedAt);
  const run = draw(tracer, parentOf(env), {
    name: `headgate ${command}`,
    startMs: originMs,
    durationMs: report.durationMs,
    attributes: {
      "headgate.command": command,
      "headgate.outcome": outcome,
      "headgate.exit_code": exitCode,
      "headgate.target": labels.target,
      "headgate.applied": report.applied.length,
      "headgate.reverted": report.reverted.length,
      "db.system.name": "postgresql",
      ...(database === undefined ? {} : { "db.namespace": database }),
      ...(planHash === undefined ? {} : { "headgate.plan_hash": planHash }),
      ...(error === undefined ? {} : { "error.type": error.id }),
      ...(release === undefined
        ? {}
        : {
            "headgate.release.name": release.name,
            "headgate.release.revision": release.revision,
            "headgate.release.image": release.image,
          }),
    },
    error: error?.what,
  });
  for (const { record, startMs } of inARow(report.stages.filter(ran), originMs, originMs)) {
    const failed = record.status === "failed";
    const stage = draw(tracer, run, {
      name: record.name,
      startMs,
      durationMs: record.durationMs,
      attributes: { "headgate.stage": record.name },
      error: failed ? record.summary : undefined,
    });
    const work = { migrate: report.applied, revert: report.reverted }[record.name] ?? [];
    for (const { record: migration, startMs: at } of inARow(work, startMs, originMs)) {
      const attributes = { "headgate.migration": migration.name };
      draw(tracer, stage, { name: migration.name, startMs: at, durationMs: migration.durationMs, attributes });
    }
  }
}
