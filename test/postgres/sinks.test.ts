import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MARK } from "../support/canary.ts";
import { folder } from "../support/headgate.ts";
import { BAD, PATH, useSinks } from "./sinks-scene.ts";

const CANARY = "ada@example.com";

const { scene, receiver, reporting, migrate, toWebhook, toSlack } = useSinks();
let metrics: ReturnType<typeof folder>;
beforeEach(() => {
  metrics = folder({});
});
afterEach(() => metrics.remove());

describe("the webhook", () => {
  it("gets the report of a run that failed, and of one that ended well only when asked", async () => {
    expect((await migrate(toWebhook())).code).toBe(0);
    expect(receiver().received).toEqual([]);
    scene.files.write(BAD);
    expect((await migrate(toWebhook())).code).toBe(6);
    expect(receiver().received).toMatchObject([{ method: "POST", path: PATH }]);
    expect(receiver().json()).toMatchObject([{ format: 1, command: "migrate", outcome: "failed", exitCode: 6 }]);
    scene.remove("3_unique.sql");
    reporting({ webhook: { when: "always" } });
    expect((await migrate(toWebhook())).code).toBe(0);
    expect(receiver().json()[1]).toMatchObject({ outcome: "done", exitCode: 0 });
  });

  it("gets what a template makes of it: a field alone keeps its kind, and quotes do no harm", async () => {
    const body = {
      title: "{{ command }} {{outcome}}",
      code: "{{exitCode}}",
      tags: ["{{error.id}}"],
      text: '"{{error.what}}"',
    };
    reporting({ webhook: { when: "always", body } });
    scene.files.write({ "2_bad.sql": `SELECT "no ""such"" column" FROM orders;` });
    expect((await migrate(toWebhook())).code).toBe(6);
    expect(receiver().json()).toEqual([
      {
        title: "migrate failed",
        code: 6,
        tags: ["migration-failed"],
        text: expect.stringContaining('column "no "such" column" does not exist'),
      },
    ]);
  });

  it("takes a user and password in its URL as the header they mean", async () => {
    reporting({ webhook: { when: "always" } });
    const { code, stderr } = await migrate({
      HEADGATE_WEBHOOK_URL: receiver().url.replace("//", "//ada:s%C3%A9same@"),
    });
    expect(code).toBe(0);
    expect(stderr).not.toContain("did not reach");
    expect(receiver().received[0]?.headers.authorization).toBe(`Basic ${Buffer.from("ada:sésame").toString("base64")}`);
  });
});

describe("Slack", () => {
  it("gets a message with what happened and what to do, in which nothing of the database's is markup", async () => {
    scene.files.write({ "2_bad.sql": `SELECT "<!channel>" FROM orders;` });
    expect((await migrate(toSlack())).code).toBe(6);
    const [message] = receiver().json();
    expect(message?.text).toMatch(/^\*Headgate at the desk: migrate failed\* \(exit code 6, \d/);
    expect(message?.text).toContain('column "&lt;!channel&gt;" does not exist');
    expect(message?.text).toContain("Next: ");
    expect(Object.keys(message ?? {})).toEqual(["text"]);
  });
});

describe("a template with an error", () => {
  it("is refused before anything happens, and its place is named", async () => {
    reporting({
      slack: { template: "{{who}} on {{databse}}" },
      webhook: { body: { list: [{ text: "{{who" }] } },
    });
    const { code, stderr } = await migrate();
    expect(code).toBe(1);
    expect(stderr).toContain("report.slack.template: {{databse}} at character 12 is no field; did you mean database?");
    expect(stderr).toContain("report.webhook.body.list[0].text: {{ at character 1 is never closed by }}");
    expect(await scene.database.sql("SELECT to_regclass('orders') AS there")).toEqual([{ there: null }]);
  });
});

describe("what PostgreSQL quotes of a row", () => {
  it("stays in the log and in the run's row: no other sink gets it", async () => {
    const file = join(metrics.path, "run.prom");
    reporting({
      prometheus: { file, pushgateway: { url: receiver().url } },
      openTelemetry: { enabled: true, endpoint: receiver().url },
    });
    scene.files.write(BAD);
    const { code, stderr } = await migrate({ ...toWebhook(), ...toSlack() });
    expect(code).toBe(6);
    expect(stderr).not.toContain("did not reach");
    expect(stderr).toContain(CANARY);
    expect(JSON.stringify(await scene.database.sql("SELECT report FROM headgate.run"))).toContain(CANARY);
    // The Pushgateway gets two: drift is one number for all commands.
    expect(receiver().received).toHaveLength(6);
    for (const { body, path } of receiver().received) expect(body, path).not.toContain(CANARY);
    expect(readFileSync(file, "utf8")).not.toContain(CANARY);
  });
});

describe("the Prometheus file", () => {
  it("tells of the last run, and keeps the last success when one fails", async () => {
    const file = join(metrics.path, "run.prom");
    reporting({ prometheus: { file } });
    const read = (): Record<string, number> =>
      Object.fromEntries(
        [
          ...readFileSync(file, "utf8").matchAll(
            /^(\w+)\{release="",namespace="",target="default",command="migrate"\} (\S+)$/gm,
          ),
        ].map(([, name = "", value]) => [name, Number(value)]),
      );
    expect((await migrate()).code).toBe(0);
    const good = read();
    expect(good).toMatchObject({
      headgate_run_failed: 0,
      headgate_run_exit_code: 0,
      headgate_run_applied_migrations: 1,
      headgate_run_pending_migrations: 0,
    });
    expect(good.headgate_run_success_timestamp_seconds).toBeGreaterThan(Date.now() / 1_000 - 60);
    scene.files.write(BAD);
    expect((await migrate()).code).toBe(6);
    expect(read()).toMatchObject({
      headgate_run_failed: 1,
      headgate_run_exit_code: 6,
      headgate_run_applied_migrations: 1,
      headgate_run_pending_migrations: 1,
      headgate_run_success_timestamp_seconds: good.headgate_run_success_timestamp_seconds,
    });
  });
});

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number; readonly message?: string };
}

describe("OpenTelemetry", () => {
  const sentTo = (path: string) =>
    receiver()
      .received.filter((each) => each.path === path)
      .map(({ body }) => JSON.parse(body));
  const spans = (): OtlpSpan[] => sentTo("/v1/traces")[0]?.resourceSpans[0].scopeSpans[0].spans ?? [];

  it("gets a trace of the run, its stages and their migrations, under the span that TRACEPARENT names", async () => {
    reporting({ openTelemetry: { enabled: true } });
    const { code, stderr } = await migrate({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver().url,
      OTEL_EXPORTER_OTLP_HEADERS: `api-key=${MARK}`,
      OTEL_SERVICE_NAME: "shop-schema",
      TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    expect(code, stderr).toBe(0);
    const [run, ...more] = spans();
    expect(run).toMatchObject({
      name: "headgate migrate",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      parentSpanId: "b7ad6b7169203331",
    });
    expect(more.filter(({ parentSpanId }) => parentSpanId === run?.spanId).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["wait", "preflight", "plan", "migrate", "verify"]),
    );
    const stage = more.find(({ name }) => name === "migrate");
    const migration = more.find(({ name }) => name === "1_orders");
    expect(migration?.parentSpanId).toBe(stage?.spanId);
    for (const span of more) {
      expect(Number(span.startTimeUnixNano), span.name).toBeGreaterThanOrEqual(Number(run?.startTimeUnixNano));
    }
    expect(JSON.stringify(sentTo("/v1/traces")[0]?.resourceSpans[0].resource)).toContain("shop-schema");
    const [sent] = sentTo("/v1/metrics");
    const names = sent.resourceMetrics[0].scopeMetrics[0].metrics.map((metric: { name: string }) => metric.name);
    expect(names).toContain("headgate_run_success_timestamp_seconds");
    expect(receiver().received.map(({ headers }) => headers["api-key"])).toEqual([MARK, MARK]);
    expect(stderr).not.toContain(MARK);
  });

  it("sees what failed as failed, and nothing where the environment says so", async () => {
    reporting({ openTelemetry: { enabled: true, endpoint: receiver().url } });
    scene.files.write(BAD);
    expect((await migrate({ OTEL_METRICS_EXPORTER: "none" })).code).toBe(6);
    const failed = spans().filter(({ status }) => status.code === 2);
    expect(failed.map(({ name }) => name)).toEqual(["headgate migrate", "migrate"]);
    expect(sentTo("/v1/metrics")).toEqual([]);
    const before = receiver().received.length;
    await migrate({ OTEL_SDK_DISABLED: "true" });
    expect(receiver().received).toHaveLength(before);
  });
});
