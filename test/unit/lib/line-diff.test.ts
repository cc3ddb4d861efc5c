import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "../../../agent/lib/line-diff.ts";

const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((lines) => lines.join("\n"));

const side = (lines: ReturnType<typeof diffLines>, mark: "-" | "+"): string =>
  lines
    .filter(([one]) => one === " " || one === mark)
    .map(([, line]) => line)
    .join("\n");

describe("two definitions line by line", () => {
  it("hold both texts whole, whatever they are", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        expect(side(lines, "-")).toBe(before);
        expect(side(lines, "+")).toBe(after);
      }),
    );
  });

  it("mark nothing in a text that is the same, and no more than was inserted", () => {
    fc.assert(
      fc.property(text, fc.nat(12), (before, at) => {
        const lines = before.split("\n");
        const after = lines.toSpliced(Math.min(at, lines.length), 0, "inserted").join("\n");
        expect(diffLines(before, before).every(([mark]) => mark === " ")).toBe(true);
        expect(diffLines(before, after).filter(([mark]) => mark !== " ")).toEqual([["+", "inserted"]]);
      }),
    );
  });

  it("take no time over long texts that have little in common", () => {
    const long = (word: string) => Array.from({ length: 20_000 }, (_, at) => `${word} ${at}`).join("\n");
    expect(diffLines(long("a"), long("b"))).toHaveLength(40_000);
  });
});
