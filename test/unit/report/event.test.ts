import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventOf } from "../../../agent/report/event.ts";
import type { Report } from "../../../agent/report/report.ts";
import { whole } from "./whole.ts";

const done = (...names: readonly string[]) => names.map((name) => ({ name, durationMs: 1 }));

const failed: Partial<Report> = {
  outcome: "failed",
  exitCode: 6,
  error: { id: "revert-failed", what: "2_total failed", details: [], stands: "nothing was changed", fix: "mend it" },
};

describe("the Event of a run", () => {
  it("that migrated names what it applied", () => {
    expect(eventOf(whole({ applied: done("1_orders") }))).toEqual({
      type: "Normal",
      reason: "Migrated",
      action: "Migrate",
      note: "1 migration applied: 1_orders",
    });
    expect(eventOf(whole({}))).toMatchObject({ reason: "Migrated", note: "0 migrations applied" });
  });

  it("that went back names what it took back", () => {
    expect(eventOf(whole({ command: "revert", reverted: done("3_rename", "2_total") }))).toEqual({
      type: "Normal",
      reason: "Reverted",
      action: "Revert",
      note: "2 migrations taken back: 3_rename, 2_total",
    });
    expect(eventOf(whole({ command: "revert" }))).toMatchObject({
      reason: "Reverted",
      note: "0 migrations taken back",
    });
  });

  it("that went back before it migrated names both", () => {
    const note = "1 migration taken back: 3_rename; 1 migration applied: 3_other";
    const report = whole({ reverted: done("3_rename"), applied: done("3_other") });
    expect(eventOf(report)).toMatchObject({ reason: "Migrated", action: "Migrate", note });
  });

  it("that failed tells why, what to do, and how far it had come back", () => {
    expect(eventOf(whole({ ...failed, command: "revert", reverted: done("3_rename") }))).toEqual({
      type: "Warning",
      reason: "RevertFailed",
      action: "Revert",
      note: "2_total failed. 1 migration taken back: 3_rename. Exit code 6. Next: mend it",
    });
    expect(eventOf(whole(failed))).toEqual({
      type: "Warning",
      reason: "MigrationFailed",
      action: "Migrate",
      note: "2_total failed. Exit code 6. Next: mend it",
    });
  });

  it("of a smoke test that failed is one of its own", () => {
    expect(eventOf(whole({ ...failed, command: "smoke" }))).toMatchObject({ reason: "SmokeFailed", action: "Smoke" });
  });

  it("has a note of 1024 bytes at most, whatever its letters", () => {
    fc.assert(
      fc.property(fc.constantFrom("x", "é", "設", "😀", "y設"), fc.nat(1_500), (letter, times) => {
        const { note } = eventOf(whole({ applied: done(letter.repeat(times)) }));
        expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
        expect(note.isWellFormed() && !note.includes("\uFFFD")).toBe(true);
        expect(note.startsWith("1 migration applied: ")).toBe(true);
      }),
    );
  });
});
