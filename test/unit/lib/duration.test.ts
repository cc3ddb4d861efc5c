import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../agent/lib/duration.ts";

describe("parseDuration", () => {
  it("reads a whole number and ms, s, m, h or d", () => {
    expect(["0s", "500ms", "45s", "10m", "2h", "90d"].map(parseDuration)).toEqual([
      0, 500, 45_000, 600_000, 7_200_000, 7_776_000_000,
    ]);
  });

  it("refuses everything else, and says how to write it", () => {
    for (const text of ["", "5", "s", "1.5s", "-1s", "5 s", "5S", "5w", "five", "5s5", "1m30s"]) {
      expect(() => parseDuration(text), text).toThrow(/whole number and ms, s, m, h or d, like 45s/);
    }
  });

  it("gives the number times the unit for any whole number", () => {
    fc.assert(fc.property(fc.nat(), (amount) => parseDuration(`${amount}ms`) === amount));
  });
});

describe("formatDuration", () => {
  it("is short for people", () => {
    const texts = [0, 850, 4_200, 200_000, 3_600_000].map(formatDuration);
    expect(texts).toEqual(["0 ms", "850 ms", "4.2 s", "3 min 20 s", "60 min 0 s"]);
  });

  it("rounds into the next unit instead of past the end of one", () => {
    expect([999.6, 59_960, 119_700].map(formatDuration)).toEqual(["1.0 s", "1 min 0 s", "2 min 0 s"]);
  });
});
