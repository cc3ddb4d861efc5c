import { describe, expect, it } from "vitest";
import { accountOf } from "../../../agent/report/account.ts";
import { boundedReport } from "../../../agent/report/bounded.ts";
import { whole } from "./whole.ts";

const names = Array.from({ length: 10_000 }, (_, at) => `${at}_${"x".repeat(60)}`);

describe("a report as it is kept", () => {
  it("of ten thousand migrations stays at a few MB, keeps every name, and says what is left out", () => {
    const locks = names.slice(0, 50).map((table) => ({ table, lock: "SHARE" as const }));
    const applied = names.map((name) => ({
      name,
      durationMs: 1,
      startedMs: 1,
      statements: 3,
      transaction: true,
      locks,
    }));
    const kept = boundedReport(whole({ applied }));
    expect(JSON.stringify(kept).length).toBeLessThan(4_000_000);
    expect(kept.applied.map((one) => one.name)).toEqual(names);
    expect(kept.leftOut).toEqual({ locks: 495_000 });
    expect(accountOf({ report: kept }).notes).toEqual(["left out of the report: 495000 locks"]);
  });

  it("of an endless message, an endless list and an endless change ends", () => {
    const text = "y".repeat(1_000_000);
    const error = { id: "migration-failed", what: text, details: names.map(() => text), stands: text, fix: text };
    const schema = names.map((object) => ({ object, kind: "added" as const, before: undefined, after: text }));
    const kept = boundedReport(whole({ error, schema }));
    expect(JSON.stringify(kept).length).toBeLessThan(6_000_000);
    expect(kept.error?.what).toMatch(/^y{20000}… \(980000 characters left out\)$/);
    expect(kept.leftOut).toEqual({ details: 9_901, schema: 9_901 });
  });

  it("adds up what was left out already while it was found, and what is now", () => {
    const schema = names.map((object) => ({ object, kind: "added" as const, before: undefined, after: "" }));
    const kept = boundedReport(whole({ schema, leftOut: { schema: 5, drift: 7 } }));
    expect(kept.leftOut).toEqual({ schema: 8_005, drift: 7 });
  });

  it("that is small is left as it is", () => {
    const report = whole({ applied: [{ name: "1", durationMs: 1, locks: [{ table: "t", lock: "SHARE" }] }] });
    expect(boundedReport(report)).toEqual(report);
  });
});
