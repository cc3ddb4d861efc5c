import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HeadgateError } from "../../../agent/errors/headgate-error.ts";
import { combined } from "../../../agent/pipeline/survey.ts";
import { withRun } from "../../../agent/report/config-map.ts";
import { boundedJson, isWanted, outward } from "../../../agent/report/outward.ts";
import type { Report } from "../../../agent/report/report.ts";
import { slack } from "../../../agent/report/slack.ts";
import { webhook } from "../../../agent/report/webhook.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { deliveryOf } from "./delivery.ts";
import { whole } from "./whole.ts";

const failed = (what: string, details: readonly string[] = []): Partial<Report> => ({
  outcome: "failed",
  exitCode: 6,
  error: { id: "migration-failed", what, details, stands: "nothing", fix: "mend it" },
});

/** As many migrations and an error that quotes a whole file make it. */
const long = (migrations: number): Report =>
  whole({
    ...failed("x".repeat(500 * migrations), ["設".repeat(100 * migrations)]),
    applied: Array.from({ length: migrations }, (_, at) => ({ name: `${at}_${"y".repeat(190)}`, durationMs: at })),
  });

const tenMegabytes = long(10_000);

describe("a report that leaves", () => {
  it("takes along neither DETAIL nor CONTEXT, of a fleet's schema neither", () => {
    const details = [
      "| INSERT INTO orders",
      "detail: Key (mail)=(a@b.c) already exists.",
      "hint: try another",
      "context: COPY orders, line 3: a@b.c",
    ];
    const { error } = outward({ report: whole(failed("2_rows failed", details)), clean: (text) => text });
    expect(error?.details).toEqual(["| INSERT INTO orders", "hint: try another"]);
    for (const schema of ["north", "acme corp", "a: b", "$&"]) {
      const of = new HeadgateError("migration-failed", { what: "2_rows failed", details });
      const told = combined([{ schema, error: of }], 2);
      expect(told.details.join()).toContain(`detail: ${schema}: Key (mail)`);
      const left = outward({ report: whole(failed(told.message, told.details)), clean: (text) => text });
      expect(left.error?.details).toEqual([`${schema}: | INSERT INTO orders`, `${schema}: hint: try another`]);
    }
  });

  it("names what changed in the schema, and keeps its definitions to itself", () => {
    const change = { object: "function pay()", kind: "different", before: "RETURN 1", after: "token=hunter2" } as const;
    const left = outward({ report: whole({ drift: [change], schema: [change] }), clean: (text) => text });
    const told = { object: "function pay()", kind: "different" };
    expect(left).toMatchObject({ drift: [told], schema: [told] });
    expect(JSON.stringify(left)).not.toMatch(/hunter2|RETURN/);
  });

  it("is cleaned of secrets", () => {
    const clean = (text: string) => text.replaceAll("hunter2", "[redacted]");
    expect(JSON.stringify(outward({ report: whole(failed("a hunter2")), clean }))).not.toContain("hunter2");
  });

  it("is whole where it fits, and else says how it was cut", () => {
    const small = whole(failed("a little"));
    expect(boundedJson(small, 10_000)).toBe(JSON.stringify(small));
    const cut = JSON.parse(boundedJson(tenMegabytes, 256 * 1_024));
    expect(cut).toMatchObject({ format: 1, outcome: "failed", exitCode: 6, error: { id: "migration-failed" } });
    expect(cut.cut).toMatch(/^too long to send: lists end after \d+, texts after \d+ characters/);
    expect(cut.applied.length).toBeGreaterThan(100);
  });

  it("fits whatever stands in it", () => {
    const text = fc.string({ unit: "binary", maxLength: 300 });
    const names = fc.array(fc.record({ name: text, durationMs: fc.nat() }), { maxLength: 300 });
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 50 }), names, (what, details, applied) => {
        const json = boundedJson(whole({ ...failed(what, details), applied }), 4_096);
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(4_096);
        expect(JSON.parse(json)).toMatchObject({ exitCode: 6 });
      }),
      { numRuns: 20 },
    );
  });
});

describe("the ConfigMap", () => {
  it("keeps the newest runs, and what somebody else has put there", () => {
    let data: Readonly<Record<string, string>> = { "notes.txt": "mine" };
    for (const day of [3, 1, 2, 4]) {
      data = withRun(data, whole({ startedAt: `2026-01-0${day}T00:00:00.000Z` }), 2);
    }
    expect(Object.keys(data).toSorted()).toEqual([
      "20260103T000000000Z-migrate.json",
      "20260104T000000000Z-migrate.json",
      "notes.txt",
    ]);
  });

  it("stays under Kubernetes' 1 MiB with the most runs of the longest reports", () => {
    let data: Readonly<Record<string, string>> = {};
    const report = long(200);
    for (let at = 10; at < 61; at += 1) {
      data = withRun(data, { ...report, startedAt: `2026-01-01T00:00:00.0${at}Z` }, 50);
    }
    expect(Object.keys(data)).toHaveLength(50);
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(1_048_576);
  });
});

describe("who is told", () => {
  const told = (part: Partial<Report>) => [isWanted(whole(part), "failure"), isWanted(whole(part), "always")];

  it("of what failed or was stopped: all; of what ended well: those that want all, and never of a smoke test", () => {
    expect(told({})).toEqual([false, true]);
    expect(told(failed("x"))).toEqual([true, true]);
    expect(told({ outcome: "stopped", exitCode: 143 })).toEqual([true, true]);
    expect(told({ command: "smoke" })).toEqual([false, false]);
    expect(told({ ...failed("x"), command: "smoke" })).toEqual([true, true]);
  });
});

describe("messages", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  async function sent(body: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>[]> {
    const url = { from: "here", url: receiver.url };
    const delivery = await deliveryOf(tenMegabytes, { webhook: { body } }, { webhook: url, slack: url });
    await webhook.deliver(delivery, AbortSignal.timeout(5_000));
    await slack.deliver(delivery, AbortSignal.timeout(5_000));
    return receiver.json();
  }

  it("of ten megabytes reach a webhook and Slack as what they can take", async () => {
    const [report, message] = await sent({});
    expect(report).toMatchObject({ exitCode: 6, cut: expect.stringContaining("too long to send") });
    expect(receiver.received[0]?.body.length).toBeLessThanOrEqual(256 * 1_024);
    expect(String(message?.text).length).toBeLessThanOrEqual(3_000);
    expect(message?.text).toMatch(/^\*Headgate at the desk: migrate failed\*.*…$/s);
  });

  it("fill no template with more than a page", async () => {
    const [body] = await sent({ text: "{{error.what}}{{summary}}" });
    expect(String(body?.text)).toHaveLength(4_000);
  });

  it("call nobody by what stands in them", async () => {
    const url = { from: "here", url: receiver.url };
    const report = whole(failed("<!channel> @all (@here) a@b.c\n@channel"));
    const settings = { slack: { template: "{{error.what}} @team" } };
    await slack.deliver(await deliveryOf(report, settings, { slack: url }), AbortSignal.timeout(5_000));
    expect(receiver.json()).toEqual([
      { text: "&lt;!channel&gt; @\u200Ball (@\u200Bhere) a@b.c\n@\u200Bchannel @team" },
    ]);
  });
});
