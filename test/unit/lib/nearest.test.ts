import { describe, expect, it } from "vitest";
import { didYouMean, nearest } from "../../../agent/lib/nearest.ts";

describe("nearest", () => {
  it("finds the word that was meant", () => {
    expect(nearest("lockBudgt", ["lockTimeout", "lockBudget"])).toBe("lockBudget");
    expect(nearest("TIMEOUT", ["timeout"])).toBe("timeout");
  });

  it("keeps quiet when nothing is near", () => {
    expect(nearest("colour", ["timeout", "target"])).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
  });

  it("ends a sentence, or adds nothing to it", () => {
    expect(didYouMean("lockBudgt", ["lockTimeout", "lockBudget"])).toBe("; did you mean lockBudget?");
    expect(didYouMean("colour", ["timeout", "target"])).toBe("");
  });
});
