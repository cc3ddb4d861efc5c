import { describe, expect, it } from "vitest";
import { differenceLines } from "../../../agent/stages/drift-words.ts";

describe("a difference for people", () => {
  it("says what was and is, in a line or in lines", () => {
    const object = "column orders.total";
    expect(differenceLines({ object, kind: "different", harmless: false, before: "text", after: "" })).toEqual([
      "column orders.total: different",
      "  was  text",
      "  is   nothing more to say",
    ]);
    expect(differenceLines({ object, kind: "added", harmless: false, after: "a\nb" })).toEqual([
      "column orders.total: added",
      "  + a",
      "  + b",
    ]);
    expect(differenceLines({ object: "table orders", kind: "missing", harmless: false, before: "" })).toEqual([
      "table orders: missing",
    ]);
    const [before, after] = ["1\n2\n3\n4\n5\n6\n7", "1\n2\n3\n4\nfive\n6\n7"];
    expect(differenceLines({ object, kind: "different", harmless: false, before, after })).toEqual([
      "column orders.total: different",
      "    …",
      "    3",
      "    4",
      "  - 5",
      "  + five",
      "    6",
      "    7",
    ]);
  });
});
