import { expect, it } from "vitest";
import { count } from "../../../agent/lib/count.ts";

it("a number and its noun agree", () => {
  expect([0, 1, 2].map((amount) => count(amount, "migration"))).toEqual([
    "0 migrations",
    "1 migration",
    "2 migrations",
  ]);
});
