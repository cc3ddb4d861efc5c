import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupName, parseBackupName } from "../../../agent/backup/name.ts";
import { parseRecord, recordText } from "../../../agent/backup/record.ts";
import { NameTaken } from "../../../agent/backup/store.ts";
import { volumeStore } from "../../../agent/backup/volume-store.ts";
import { recordOf } from "./records.ts";

const signal = new AbortController().signal;

async function* content(...parts: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
  }
}

describe("a folder as a store", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "headgate-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const text = async (name: string): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of volumeStore(folder).get(name, signal)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it("gives back what it was given, also nothing", async () => {
    const store = volumeStore(folder);
    await store.put("a", content("one", "two"), signal);
    await store.put("b", content(), signal);
    expect([await text("a"), await text("b")]).toEqual(["onetwo", ""]);
    expect(await store.list(signal)).toMatchObject([{ bytes: 6 }, { bytes: 0 }]);
    await store.remove("a", signal);
    await store.remove("a", signal);
    await expect(text("a")).rejects.toMatchObject({ id: "bad-backup" });
  });

  it("holds nothing of content that throws or is aborted, and never replaces what is there", async () => {
    const store = volumeStore(folder);
    const broken = new Error("broken");
    await expect(store.put("a", content("one", broken), signal)).rejects.toBe(broken);
    const stop = new AbortController();
    stop.abort(broken);
    await expect(store.put("a", content("one"), stop.signal)).rejects.toBe(broken);
    expect(readdirSync(folder)).toEqual([]);
    await store.put("a", content("one"), signal);
    await expect(store.put("a", content("two"), signal)).rejects.toBeInstanceOf(NameTaken);
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("one");
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("is made with the first object only where nobody has named it", async () => {
    const path = join(folder, "new");
    const named = volumeStore(path);
    await expect(named.list(signal)).rejects.toMatchObject({ id: "backup-failed" });
    await expect(named.put("a", content("one"), signal)).rejects.toMatchObject({ id: "backup-failed" });
    const own = volumeStore(path, true);
    await own.check(signal);
    expect(await own.list(signal)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    await own.put("a", content("one"), signal);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(await own.list(signal)).toMatchObject([{ name: "a" }]);
  });

  it("gives one name to one of two writers", async () => {
    const store = volumeStore(folder);
    const both = await Promise.allSettled(
      ["one", "two"].map(async (one) => await store.put("a", content(one), signal)),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  it("says what is wrong with the folder", async () => {
    const check = async (path: string) => await volumeStore(path).check(signal);
    await check(folder);
    await expect(check(join(folder, "none"))).rejects.toMatchObject({
      id: "backup-failed",
      message: expect.stringContaining("is not there"),
    });
    await volumeStore(folder).put("a", content("one"), signal);
    await expect(check(join(folder, "a"))).rejects.toMatchObject({ message: expect.stringContaining("is no folder") });
  });
});

describe("a backup's name", () => {
  it("tells time, target and plan, and reads back", () => {
    const name = backupName(new Date("2026-11-21T19:00:01.999Z"), "shop-v2.x", "3fb2a1c0ffff");
    expect(name).toBe("20261121T190001Z-shop-v2.x-3fb2a1c0");
    expect(parseBackupName(name)).toEqual({ at: new Date("2026-11-21T19:00:01Z"), target: "shop-v2.x" });
    const odd = ["default/t1", "default/Ünï x", `a${"b".repeat(62)}/${"c".repeat(63)}`].map((target) =>
      backupName(new Date("2026-11-21T19:00:01Z"), target, undefined),
    );
    expect(odd).toEqual([
      "20261121T190001Z-default-t1-manual",
      "20261121T190001Z-default--n--x-manual",
      `20261121T190001Z-a${"b".repeat(62)}-manual`,
    ]);
    expect(odd.map(parseBackupName)).not.toContain(undefined);
    expect(() => backupName(new Date(), "/", undefined)).toThrow(TypeError);
  });

  it("is nothing else", () => {
    for (const other of [
      "",
      "..",
      "a/20261121T190001Z-a-manual",
      "20261121T190001Z-a-manual\n",
      "20261321T190001Z-a-manual",
      "20261121T190001Z--manual",
    ])
      expect(parseBackupName(other)).toBeUndefined();
  });
});

describe("a backup's record", () => {
  const record = recordOf();
  it("reads back, and is none when a word of it was changed, or it lies under another name", () => {
    const written = recordText(record);
    expect(parseRecord(`${record.name}.json`, written)).toEqual(record);
    expect(parseRecord(`${record.name}.json`, written.replace('"shop"', '"crm"'))).toBeUndefined();
    expect(parseRecord("20261121T190001Z-default-manual.json", written)).toBeUndefined();
    for (const other of ["", "null", "[]", "{", written.slice(0, -10)])
      expect(parseRecord(`${record.name}.json`, other)).toBeUndefined();
  });
});
