import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadgateError } from "../../../agent/errors/headgate-error.ts";
import { noteOf } from "../../../agent/report/event.ts";
import { terminationOfError, terminationText } from "../../../agent/report/termination-message.ts";
import { whole } from "./whole.ts";

/** Long texts of few kinds of characters: what they cost in bytes and in JSON is what matters. */
const text = fc
  .tuple(fc.constantFrom("x", "\u0001", '"', "\\", "😀", "設", "é\n"), fc.nat(5_000))
  .map(([character, times]) => character.repeat(times));
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });

const report = fc.record({
  outcome: fc.constantFrom("done" as const, "failed" as const, "stopped" as const),
  exitCode: fc.constantFrom(0, 1, 6, 143),
  applied: fc.array(fc.record({ name, durationMs: fc.nat() }), { maxLength: 20 }),
  stoppedAt: fc.option(name, { nil: undefined }),
  notReached: fc.array(name, { maxLength: 20 }),
  error: fc.option(
    fc.record({
      id: fc.constant("migration-failed"),
      what: text,
      details: fc.array(text, { maxLength: 2 }),
      stands: fc.string(),
      fix: text,
    }),
    { nil: undefined },
  ),
});

describe("the termination message", () => {
  it("fits the 4096 bytes that Kubernetes keeps, whatever the report says", () => {
    fc.assert(
      fc.property(report, (part) => {
        expect(Buffer.byteLength(terminationText(whole(part)))).toBeLessThanOrEqual(4_096);
      }),
    );
  });

  it("is JSON, whatever the report says", () => {
    fc.assert(
      fc.property(report, (part) => {
        expect(JSON.parse(terminationText(whole(part)))).toMatchObject({
          outcome: part.outcome,
          exitCode: part.exitCode,
        });
      }),
    );
  });
});

describe("the termination message of an error without a report", () => {
  it("is JSON of 4096 bytes at most, cleaned before it is cut", () => {
    const error = new HeadgateError("migrate-died", { what: `${"x".repeat(1_990)}hunter2`, fix: "ask hunter2" });
    const message = terminationOfError(error, (line) => line.replaceAll("hunter2", "[redacted]"));
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4_096);
    expect(message).not.toContain("hunt");
    expect(JSON.parse(message)).toMatchObject({ outcome: "failed", exitCode: 2, error: "migrate-died" });
    expect(JSON.parse(message).next).toBe("ask [redacted]");
  });
});

describe("the note of an Event", () => {
  it("fits the 1024 characters that the API server takes, whatever the report says", () => {
    fc.assert(fc.property(report, (part) => Buffer.byteLength(noteOf(whole(part))) <= 1_024));
  });
});
