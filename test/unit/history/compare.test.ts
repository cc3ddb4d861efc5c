import { describe, expect, it } from "vitest";
import { compare } from "../../../agent/history/compare.ts";
import type { Entry } from "../../../agent/history/state.ts";
import type { MigrationFile } from "../../../agent/migrations/types.ts";

const file = (name: string, checksum = "same"): MigrationFile => ({
  name,
  checksum,
  paths: [`/m/${name}.sql`],
  kind: "sql",
});
const entry = (name: string, more: Partial<Entry> = {}): Entry => ({
  name,
  checksum: "same",
  state: "applied",
  step: 0,
  paused: false,
  appliedAt: null,
  imported: false,
  ...more,
});

const compared = (files: readonly MigrationFile[], entries: readonly Entry[]) => {
  const result = compare(files, { exists: true, mirrorExists: true, outdated: false, undone: [], entries });
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
  return {
    applied: names(result.applied),
    pending: names(result.pending),
    ahead: names(result.ahead),
    missing: names(result.missing),
    changed: result.changed.map((one) => one.file.name),
    outOfOrder: result.outOfOrder.map((one) => [one.file.name, one.after]),
    unfinished: names(result.unfinished),
  };
};
const nothing = { applied: [], pending: [], ahead: [], missing: [], changed: [], outOfOrder: [], unfinished: [] };

describe("compare", () => {
  it("finds everything pending on a fresh database, and nothing at all without files", () => {
    expect(compared([file("001_a"), file("002_b")], [])).toEqual({ ...nothing, pending: ["001_a", "002_b"] });
    expect(compared([], [])).toEqual(nothing);
  });

  it("tells ahead from missing by whether a later file is there", () => {
    expect(
      compared(
        [file("001_a"), file("003_c")],
        ["001_a", "002_b", "003_c", "004_d"].map((name) => entry(name)),
      ),
    ).toEqual({
      ...nothing,
      applied: ["001_a", "002_b", "003_c", "004_d"],
      ahead: ["004_d"],
      missing: ["002_b"],
    });
    expect(compared([], [entry("001_a")]).ahead).toEqual(["001_a"]);
  });

  it("compares by number and not by letter: 10 comes after 9", () => {
    expect(compared([file("9_a")], [entry("9_a"), entry("10_b")]).ahead).toEqual(["10_b"]);
  });

  it("finds a changed file, and cannot know of one that the CLI applied", () => {
    const entries = [entry("001_a"), entry("002_b", { checksum: null })];
    expect(compared([file("001_a", "other"), file("002_b", "other")], entries).changed).toEqual(["001_a"]);
  });

  it("finds what is pending before something applied, and after which", () => {
    const entries = [entry("001_a"), entry("003_c")];
    expect(compared([file("001_a"), file("002_b"), file("003_c"), file("004_d")], entries)).toMatchObject({
      pending: ["002_b", "004_d"],
      outOfOrder: [["002_b", "003_c"]],
    });
  });

  it("keeps what was begun without a transaction pending, and never calls it out of order", () => {
    const entries = [entry("001_a", { state: "running", step: 2 }), entry("002_b")];
    expect(compared([file("001_a"), file("002_b")], entries)).toEqual({
      ...nothing,
      applied: ["002_b"],
      pending: ["001_a"],
      unfinished: ["001_a"],
    });
  });
});
