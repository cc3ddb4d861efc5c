import { afterAll, beforeAll, expect, test } from "vitest";
import { type S3Server, startS3 } from "./harness/s3-server.ts";
import { all, calm, chunksOf, MIB, namesIn, noise, partsIn, sha256, storeOf } from "./s3-scene.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3();
});
afterAll(async () => await server.remove());

test.each([
  ["nothing", 0],
  ["one byte", 1],
  ["a part, less a byte", 5 * MIB - 1],
  ["exactly one part", 5 * MIB],
  ["one part and a byte", 5 * MIB + 1],
  ["several parts", 23 * MIB + 4321],
])("%s comes back as it was put", async (title, size) => {
  const store = await storeOf(server, { prefix: title.replaceAll(/\W+/g, "-") });
  const content = noise(size);
  await store.put("20260101T000000Z-shop-0123abcd.dump", chunksOf(content), calm);
  expect(await store.list(calm)).toEqual([
    { name: "20260101T000000Z-shop-0123abcd.dump", bytes: size, modified: expect.any(Date) },
  ]);
  expect(sha256(await all(store.get("20260101T000000Z-shop-0123abcd.dump", calm)))).toBe(sha256(content));
  await store.remove("20260101T000000Z-shop-0123abcd.dump", calm);
  expect(await namesIn(store)).toEqual([]);
  expect(partsIn(server)).toEqual([]);
});

test("what is gone is removed again without a word, and is no backup to get", async () => {
  const store = await storeOf(server, { prefix: "gone" });
  await store.remove("never.dump", calm);
  await expect(all(store.get("never.dump", calm))).rejects.toMatchObject({
    id: "bad-backup",
    message: "there is no never.dump in s3://backups/gone",
  });
});

test("a list has more than one page, and nothing from other folders", async () => {
  const [store, below, beside] = await Promise.all(
    ["many", "many/below", "many-others"].map(async (prefix) => await storeOf(server, { prefix })),
  );
  if (!store || !below || !beside) throw new Error("three stores");
  await Promise.all([below, beside].map(async (one) => await one.put("other.dump", chunksOf(noise(1)), calm)));
  const names = Array.from({ length: 1_050 }, (_, index) => `${String(index).padStart(4, "0")}.dump`);
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(names.slice(at, at + 50).map(async (name) => await store.put(name, chunksOf(noise(1)), calm)));
  }
  expect(await namesIn(store)).toEqual(names);
});
