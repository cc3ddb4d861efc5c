import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { metrics } from "../../agent/report/metrics.ts";
import { openTelemetry } from "../../agent/report/open-telemetry.ts";
import { deliveryOf } from "../unit/report/delivery.ts";
import { whole } from "../unit/report/whole.ts";
import { type OtlpServer, startOtlpServer } from "./harness/otlp-server.ts";

let server: OtlpServer;
beforeAll(async () => {
  server = await startOtlpServer();
});
afterAll(() => server.stop());

it("the collector's own receiver understands the trace and every metric", async () => {
  const env = { TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const report = Object.assign(
    whole({
      startedAt: "2026-01-01T00:00:00.000Z",
      durationMs: 3_000,
      stages: [
        { name: "wait", status: "ok", durationMs: 1_000, summary: "" },
        { name: "migrate", status: "ok", durationMs: 2_000, summary: "" },
      ],
      applied: [
        { name: "1_orders", durationMs: 500 },
        { name: "2_total", durationMs: 700 },
      ],
    }),
    { drift: [] },
  );
  const delivery = await deliveryOf(report, { openTelemetry: { enabled: true, endpoint: server.url } }, { env });
  await openTelemetry.deliver(delivery, AbortSignal.timeout(5_000));
  for (let tries = 0; server.understood().length < 2 && tries < 100; tries += 1) await sleep(50);
  const text = JSON.stringify(server.understood());
  const [trace] = server.understood().filter((one) => "resourceSpans" in one) as unknown as {
    resourceSpans: {
      scopeSpans: { spans: { name: string; startTimeUnixNano: string; endTimeUnixNano: string }[] }[];
    }[];
  }[];
  const zero = Date.parse("2026-01-01T00:00:00.000Z");
  const ms = (nano: string) => Number(BigInt(nano) / 1_000_000n) - zero;
  const spans = trace?.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  expect(spans.map((span) => [span.name, ms(span.startTimeUnixNano), ms(span.endTimeUnixNano)])).toEqual([
    ["headgate migrate", 0, 3_000],
    ["wait", 0, 1_000],
    ["migrate", 1_000, 3_000],
    ["1_orders", 1_000, 1_500],
    ["2_total", 1_500, 2_200],
  ]);
  expect(text).toContain('"parentSpanId":"b7ad6b7169203331"');
  const told = metrics.map(({ name }) => name).filter((name) => name !== "headgate_run_backup_bytes");
  for (const name of told) expect(text).toContain(`"name":"${name}"`);
});
