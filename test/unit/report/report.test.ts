import { describe, expect, it } from "vitest";
import { createRedactor } from "../../../agent/lib/redact.ts";
import { cleanReport, type Report } from "../../../agent/report/report.ts";
import { whole } from "./whole.ts";

const report = whole({
  outcome: "failed",
  exitCode: 6,
  database: "postgres",
  stages: [{ name: "migrate", status: "failed", durationMs: 1, summary: "with hunter2" }],
  applied: [{ name: "001_error", durationMs: 1 }],
  stoppedAt: "002_error",
  error: { id: "migration-failed", what: "hunter2", details: ["a hunter2"], stands: "hunter2", fix: "no hunter2" },
});

const cleanedOf = (secret: string): Report => {
  const redactor = createRedactor();
  redactor.add(secret);
  return cleanReport(report, redactor.clean);
};

describe("a report that is cleaned", () => {
  it("keeps its keys, names and codes, whatever the password is", () => {
    for (const secret of ["error", "outcome", "failed", "postgres", "migration-failed", "2026"]) {
      expect(cleanedOf(secret), secret).toEqual(report);
    }
  });

  it("holds no password that a definition sets", () => {
    const change = {
      object: "function f()",
      kind: "different",
      before: "PASSWORD 'one'",
      after: "password E'two'",
    } as const;
    const cleaned = cleanReport(whole({ drift: [change], schema: [change] }), (text) => text);
    const told = { before: "PASSWORD '[redacted]'", after: "password '[redacted]'" };
    expect(cleaned).toMatchObject({ drift: [told], schema: [told] });
  });

  it("holds no secret in what people wrote", () => {
    const cleaned = cleanedOf("hunter2");
    expect(JSON.stringify(cleaned)).not.toContain("hunter2");
    expect(cleaned.error).toEqual({
      id: "migration-failed",
      what: "[redacted]",
      details: ["a [redacted]"],
      stands: "[redacted]",
      fix: "no [redacted]",
    });
  });
});
