import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupName } from "../../../agent/backup/name.ts";
import { type BackupRecord, recordText } from "../../../agent/backup/record.ts";
import { retain, superfluous } from "../../../agent/backup/retention.ts";
import { volumeStore } from "../../../agent/backup/volume-store.ts";
import { recordOf } from "./records.ts";

const DAY = 86_400_000;
const NOW = new Date("2026-11-21T19:00:00Z");
const signal = new AbortController().signal;

function daysAgo(days: number, part: Partial<BackupRecord> = {}): BackupRecord {
  const at = new Date(NOW.getTime() - days * DAY);
  return recordOf({ name: backupName(at, part.target ?? "default", undefined), startedAt: at.toISOString(), ...part });
}

const names = (records: readonly BackupRecord[]) => records.map(({ name }) => name);

describe("what retention lets go", () => {
  const all = [40, 31, 20, 10, 0].map((days) => daysAgo(days));
  const made = daysAgo(0);
  const of = (count: number, age: string) => names(superfluous(all, made, { retention: { count, age }, now: NOW }));

  it("is what is too much or too old, and nothing with 0", () => {
    expect(of(0, "0s")).toEqual([]);
    expect(of(3, "0s")).toEqual(names([daysAgo(31), daysAgo(40)]));
    expect(of(0, "720h")).toEqual(names([daysAgo(31), daysAgo(40)]));
    expect(of(0, "30d")).toEqual(of(0, "720h"));
    expect(of(2, "720h")).toEqual(names([daysAgo(20), daysAgo(31), daysAgo(40)]));
  });

  it("is never the first copy of a plan that was tried again and again", () => {
    const tries = [9, 8, 7, 6, 5].map((days) => daysAgo(days, { planHash: "aaaa" }));
    const [before, last] = [daysAgo(20, { planHash: "bbbb" }), daysAgo(0, { planHash: "cccc" })];
    const gone = (count: number) =>
      names(superfluous([before, ...tries, last], last, { retention: { count, age: "0s" }, now: NOW }));
    expect(gone(2)).toEqual(names([daysAgo(6), daysAgo(7), daysAgo(8), daysAgo(20)]));
    expect(gone(3)).toEqual(names([daysAgo(7), daysAgo(8)]));
    expect(gone(1)).toEqual(names([...tries.toReversed(), before]));
    expect(gone(0)).toEqual([]);
  });

  it("counts copies of some tables apart from those of all", () => {
    const partial = [3, 2, 0].map((days) => daysAgo(days, { tables: ["public.orders"] }));
    const whole = [9, 8].map((days) => daysAgo(days));
    const [, , made = daysAgo(0)] = partial;
    const limits = { retention: { count: 2, age: "0s" }, now: NOW };
    expect(names(superfluous([...whole, ...partial], made, limits))).toEqual(names([daysAgo(3)]));
  });

  it("is never the newest, the one that was just made, or another's", () => {
    const part = fc.record({
      days: fc.integer({ min: 0, max: 100 }),
      database: fc.constantFrom("shop", "crm"),
      target: fc.constantFrom("default", "other"),
      server: fc.constantFrom("1", "2"),
    });
    const retention = fc.record({ count: fc.integer({ min: 0, max: 3 }), age: fc.constantFrom("0s", "1h", "48h") });
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 0, max: 100 }), retention, (parts, days, kept) => {
        const own = daysAgo(days);
        const others = parts.map(({ days: ago, ...rest }) => daysAgo(ago, rest));
        const gone = superfluous([own, ...others], own, { retention: kept, now: NOW });
        const same = [own, ...others].filter(
          (one) => one.database === "shop" && one.target === "default" && one.server === "1",
        );
        const newest = names(same).toSorted().at(-1);
        expect(names(gone)).not.toContain(own.name);
        expect(names(gone)).not.toContain(newest);
        for (const one of gone) expect(same).toContain(one);
      }),
    );
  });
});

describe("a folder of backups", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "headgate-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const keep = (record: BackupRecord, parts = [".dump", ".json"]): BackupRecord => {
    for (const part of parts)
      writeFileSync(join(folder, `${record.name}${part}`), part === ".json" ? recordText(record) : "dump");
    return record;
  };
  const write = (name: string, days: number): void => {
    writeFileSync(join(folder, name), "x");
    const at = new Date(Date.now() - days * DAY);
    utimesSync(join(folder, name), at, at);
  };

  it("loses what is superfluous, and what was cut off a day ago; what is not ours stays", async () => {
    const made = keep(daysAgo(0));
    const old = keep(daysAgo(5));
    const other = keep(daysAgo(6, { database: "crm" }));
    write("20261101T190000Z-default-manual.dump.partial", 2);
    write("20261102T190000Z-default-manual.dump.partial", 0);
    write("20261103T190000Z-default-manual.dump", 90);
    write("20261103T200000Z-default-manual.dump", 0);
    write("20261103T190000Z-other-manual.dump", 90);
    write("20261104T190000Z-default-manual.dump", 90);
    write("20261104T190000Z-default-manual.json", 90);
    write("notes.partial", 90);
    const gone = await retain(volumeStore(folder), made, { retention: { count: 1, age: "0s" }, signal });
    expect(gone).toEqual([old.name]);
    expect(readdirSync(folder).toSorted()).toEqual(
      [
        "20261102T190000Z-default-manual.dump.partial",
        "20261103T200000Z-default-manual.dump",
        "20261103T190000Z-other-manual.dump",
        "20261104T190000Z-default-manual.dump",
        "20261104T190000Z-default-manual.json",
        ...[".dump", ".json"].flatMap((end) => [`${made.name}${end}`, `${other.name}${end}`]),
        "notes.partial",
      ].toSorted(),
    );
  });
});
