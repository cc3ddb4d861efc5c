import { describe, expect, it } from "vitest";
import { LiveNames } from "../../../agent/stages/live-names.ts";

const table = (name: string) => ({ table: name, column: undefined });

describe("names in the middle of a way back", () => {
  it("are those of now until something is renamed", () => {
    expect(new LiveNames().find(table("orders"))).toEqual(table("orders"));
  });

  it("follow a chain of renames of a table and its columns", () => {
    const live = new LiveNames();
    live.rename({ kind: "rename", table: "c", to: "b" });
    live.rename({ kind: "rename", table: "b", column: "y", to: "x" });
    live.rename({ kind: "rename", table: "b", to: "a" });
    expect(live.find(table("a"))).toEqual(table("c"));
    expect(live.find({ table: "a", column: "x" })).toEqual({ table: "c", column: "y" });
    expect(live.find({ table: "a", column: "z" })).toEqual({ table: "c", column: "z" });
  });

  it("are not guessed where only the schema is written differently", () => {
    const live = new LiveNames();
    live.rename({ kind: "rename", table: "public.c", to: "public.a" });
    live.rename({ kind: "rename", table: "orders", column: "note", to: "remark" });
    expect(live.find(table("a"))).toBeUndefined();
    expect(live.find({ table: "public.orders", column: "remark" })).toBeUndefined();
    expect(live.find({ table: "public.orders", column: "other" })).toEqual({ table: "public.orders", column: "other" });
  });
});
