import { describe, expect, it } from "vitest";
import { CANARY, leakIn } from "../../support/canary.ts";

describe("the search for secrets", () => {
  it.each([
    ["raw", CANARY],
    ["URL-encoded", encodeURIComponent(CANARY)],
    ["as JSON", JSON.stringify(CANARY)],
    ["in base64", Buffer.from(CANARY).toString("base64")],
    ["in base64 behind a user's name", Buffer.from(`a:${CANARY}`).toString("base64")],
    ["in base64 behind a longer one", Buffer.from(`ab:${CANARY}`).toString("base64url")],
  ])("finds one %s, wherever it stands", (_, form) => {
    expect(leakIn(`before ${form} after`)).toContain("before ");
    expect(leakIn(Buffer.from(`\0\xff${form}`))).toBeDefined();
  });

  it("finds none where there is none", () => {
    expect(leakIn("postgresql://postgres:[redacted]@127.0.0.1:5432/shop")).toBeUndefined();
  });
});
