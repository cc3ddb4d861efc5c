import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ignores } from "../../../agent/stages/drift-ignore.ts";

describe("an entry of drift.ignore", () => {
  it.each([
    [
      "audit",
      "schema audit",
      "table audit",
      "table audit.log",
      "function audit.touch(x integer)",
      "column audit.log.id",
    ],
    [
      "shop.orders",
      "table shop.orders",
      "view shop.orders",
      "column shop.orders.id",
      "constraint positive on shop.orders",
    ],
    ["total_of", "function total_of(x integer)", "procedure total_of()"],
    ["shop.tmp_*", "table shop.tmp_1", "materialized view shop.tmp_2", "index shop.tmp_3"],
    ["index tmp_*", "index tmp_1", "index tmp_"],
    ["grants on *", "grants on table orders", "grants on schema shop"],
    ['shop."Odd (1)"', 'table shop."Odd (1)"'],
  ])("%s means what it says", (entry, ...objects) => {
    expect(objects.filter((object) => !ignores([entry])(object))).toEqual([]);
  });

  it.each([
    ["audit", "table auditors", "table shop.audit_log", "table my_audit"],
    ["orders", "table shop.orders_old", "table orders_old", "index orders_by_total"],
    ["shop.orders", "table shopXorders", "table orders"],
    ["index tmp_*", "table tmp_1", "index shop.tmp_1"],
    ["a.b", "table axb"],
  ])("%s means nothing else", (entry, ...objects) => {
    expect(objects.filter((object) => ignores([entry])(object))).toEqual([]);
  });

  it("is no regular expression, whatever stands in it", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((name) => !/[\s*]/.test(name)),
        (name) => {
          expect(ignores([name])(`table ${name}`)).toBe(true);
          expect(ignores([name])(`table ${name}x`)).toBe(false);
        },
      ),
    );
  });

  it("ignores nothing where there is none", () => {
    expect(ignores([])("table orders")).toBe(false);
  });
});
