import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLockTrouble, rung } from "../../../agent/engine/ladder.ts";
import { targetKey } from "../../../agent/engine/lock.ts";
import { parseSettings } from "../../../agent/settings/settings.ts";

describe("the ladder of lock time-outs", () => {
  it("doubles from the first rung to the largest and stays there", () => {
    const ladder = { firstMs: 100, largestMs: 5_000, budgetMs: 60_000 };
    expect([0, 1, 2, 3, 5, 6, 7, 60, 2_000].map((attempt) => rung(ladder, attempt))).toEqual([
      100, 200, 400, 800, 3_200, 5_000, 5_000, 5_000, 5_000,
    ]);
  });

  it("has no rung that waits without end, which is what PostgreSQL takes 0 for", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.nat(40), (firstMs, more, attempt) => {
        expect(rung({ firstMs, largestMs: firstMs + more, budgetMs: 1 }, attempt)).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it("is climbed after a lock time-out or a deadlock, and after nothing else", () => {
    const raised = (code: string) => Object.assign(new Error("x"), { code, severity: "ERROR" });
    expect(["55P03", "40P01", "57014", "42P01"].map((code) => isLockTrouble(raised(code)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("the run lock", () => {
  it("is one of its own for each history and target, and fits 64 bits", async () => {
    const keys = await Promise.all(
      [{}, { target: "eu" }, { schema: "ledger" }].map(async (history) =>
        targetKey(await parseSettings({ history }, "desk")),
      ),
    );
    expect(new Set(keys).size).toBe(3);
    for (const key of keys) expect(BigInt.asIntN(64, key)).toBe(key);
  });
});
