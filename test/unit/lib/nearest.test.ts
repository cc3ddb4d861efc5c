import { describe, expect, it } from "vitest";
import { nearest } from "../../../agent/lib/nearest.ts";

describe("nearest", () => {
  it("finds the word that was meant", () => {
    expect(nearest("lockBudgt", ["lockTimeout", "lockBudget"])).toBe("lockBudget");
    expect(nearest("TIMEOUT", ["timeout"])).toBe("timeout");
  });

  it("keeps quiet when nothing is near", () => {
    expect(nearest("colour", ["timeout", "target"])).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
  });
});
