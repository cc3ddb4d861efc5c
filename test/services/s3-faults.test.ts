import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { NameTaken, type Store } from "../../agent/backup/store.ts";
import { type Fate, startProxy } from "./harness/http-proxy.ts";
import { type S3Server, startS3 } from "./harness/s3-server.ts";
import { all, calm, chunksOf, MIB, namesIn, noise, partsIn, sha256, storeOf } from "./s3-scene.ts";

const NAME = "20260101T000000Z-shop-0123abcd.dump";

let server: S3Server;
beforeAll(async () => {
  server = await startS3();
});
afterAll(async () => await server.remove());

let folders = 0;
const freshPrefix = (): string => `fault-${++folders}`;

/** A store that is reached through a proxy, and one past it. */
async function proxied(decide: (request: IncomingMessage) => Fate, idleMs = 10_000) {
  const proxy = await startProxy(server.endpoint, decide);
  onTestFinished(proxy.close);
  const prefix = freshPrefix();
  const store = await storeOf(server, { endpoint: proxy.endpoint, prefix }, { idleMs });
  return { proxy, store, direct: await storeOf(server, { prefix }) };
}

/** Content that does something after so many bytes. */
async function* interrupted(bytes: Buffer, after: number, act: () => Promise<void> | void) {
  let sent = 0;
  let acted = false;
  for await (const chunk of chunksOf(bytes)) {
    yield chunk;
    sent += chunk.byteLength;
    if (acted || sent < after) continue;
    acted = true;
    await act();
  }
}

async function nothingStands(store: Store): Promise<void> {
  expect(await namesIn(store)).toEqual([]);
  expect(partsIn(server)).toEqual([]);
  await expect(all(store.get(NAME, calm))).rejects.toMatchObject({ id: "bad-backup" });
}

const isCommit = ({ method, url = "" }: IncomingMessage): boolean => method === "POST" && /[?&]uploadId=/.test(url);

test("a server that is killed half-way: the put fails, nothing has the name, and the next try is whole", async () => {
  const store = await storeOf(server, { prefix: freshPrefix() });
  const content = noise(30 * MIB);
  await expect(store.put(NAME, interrupted(content, 16 * MIB, server.kill), calm)).rejects.toMatchObject({
    id: "backup-failed",
    message: expect.stringContaining(server.endpoint),
  });
  await server.start();
  await expect(all(store.get(NAME, calm))).rejects.toMatchObject({ id: "bad-backup" });
  expect(await namesIn(store), "what the kill left is named").toEqual([`${NAME}.partial`]);
  await store.put(NAME, chunksOf(content), calm);
  expect(sha256(await all(store.get(NAME, calm)))).toBe(sha256(content));
  await store.remove(`${NAME}.partial`, calm);
  expect(await namesIn(store)).toEqual([NAME]);
  expect(partsIn(server)).toEqual([]);
});

test.each([
  ["at once", 0],
  ["inside the first part", 2 * MIB],
  ["after several parts", 17 * MIB],
])("content that throws %s: its own error, and nothing stays", async (_title, after) => {
  const store = await storeOf(server, { prefix: freshPrefix() });
  const failure = new Error("pg_dump ended with 1");
  const fail = () => {
    throw failure;
  };
  const content = after === 0 ? { [Symbol.asyncIterator]: fail } : interrupted(noise(25 * MIB), after, fail);
  await expect(store.put(NAME, content, calm)).rejects.toBe(failure);
  await nothingStands(store);
});

test.each([
  ["inside the first part", 2 * MIB],
  ["after several parts", 17 * MIB],
  ["with all of it sent", 25 * MIB],
])("an abort %s: its own reason, and nothing stays", async (_title, after) => {
  const store = await storeOf(server, { prefix: freshPrefix() });
  const controller = new AbortController();
  const reason = new Error("told to stop");
  const content = interrupted(noise(25 * MIB), after, () => controller.abort(reason));
  await expect(store.put(NAME, content, controller.signal)).rejects.toBe(reason);
  await nothingStands(store);
});

test("an abort ends a put whose content has stalled", async () => {
  const store = await storeOf(server, { prefix: freshPrefix() });
  const reason = new Error("out of time");
  const stalled = interrupted(noise(12 * MIB), 8 * MIB, () => new Promise<void>(() => {}));
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 500);
  await expect(store.put(NAME, stalled, controller.signal)).rejects.toBe(reason);
  await nothingStands(store);
});

test("a name that is taken is never replaced, nor the content begun", async () => {
  const store = await storeOf(server, { prefix: freshPrefix() });
  const first = noise(1_000);
  await store.put(NAME, chunksOf(first), calm);
  const content = interrupted(noise(10), 0, () => expect.unreachable());
  await expect(store.put(NAME, content, calm)).rejects.toBeInstanceOf(NameTaken);
  expect(await all(store.get(NAME, calm))).toEqual(first);
});

test.each([
  ["small", 100_000],
  ["in parts", 12 * MIB],
])("two at once under one name, %s: one of them is there, whole", async (_title, size) => {
  const store = await storeOf(server, { prefix: freshPrefix() });
  const contents = [noise(size), noise(size)];
  const ends = await Promise.allSettled(contents.map(async (one) => await store.put(NAME, chunksOf(one), calm)));
  const lost = ends.filter((end) => end.status === "rejected");
  expect(lost).toHaveLength(1);
  expect(lost[0]?.reason).toBeInstanceOf(NameTaken);
  const winner = contents[ends.findIndex((end) => end.status === "fulfilled")];
  expect(sha256(await all(store.get(NAME, calm)))).toBe(sha256(winner ?? Buffer.of()));
  expect(partsIn(server)).toEqual([]);
});

test.each([
  ["one part", 1_000, ({ method }: IncomingMessage) => method === "PUT"],
  ["several parts", 12 * MIB, isCommit],
])("the last answer of %s is lost: the store is asked, and the put has succeeded", async (_title, size, isLast) => {
  const { store, direct } = await proxied((request) => (isLast(request) ? "lose" : "pass"));
  const content = noise(size);
  await store.put(NAME, chunksOf(content), calm);
  expect(sha256(await all(direct.get(NAME, calm)))).toBe(sha256(content));
});

test("an abort while the last answer is awaited leaves nothing", async () => {
  const controller = new AbortController();
  const { store, direct } = await proxied((request) => {
    if (!isCommit(request)) return "pass";
    setTimeout(() => controller.abort(new Error("told to stop")), 300);
    return "hold";
  });
  await expect(store.put(NAME, chunksOf(noise(12 * MIB)), controller.signal)).rejects.toThrow("told to stop");
  await nothingStands(direct);
});

test("requests that fail now and then are tried again", async () => {
  const fates = new Map<string, number>();
  const { store } = await proxied(({ method, url = "" }) => {
    const times = (fates.get(`${method}${url}`) ?? 0) + 1;
    fates.set(`${method}${url}`, times);
    return times === 1 ? { status: 503, code: "SlowDown" } : "pass";
  });
  const content = noise(12 * MIB);
  await store.put(NAME, chunksOf(content), calm);
  expect(sha256(await all(store.get(NAME, calm)))).toBe(sha256(content));
});

test("a store that always says SlowDown ends the put after four tries", async () => {
  const { store, direct } = await proxied(({ method }) =>
    method === "PUT" ? { status: 503, code: "SlowDown", message: "reduce your rate" } : "pass",
  );
  await expect(store.put(NAME, chunksOf(noise(12 * MIB)), calm)).rejects.toMatchObject({
    id: "backup-failed",
    message: expect.stringMatching(/says 503 SlowDown: reduce your rate \(tried 4 times\)/),
  });
  await nothingStands(direct);
});

test("a store that does not move is given up", async () => {
  const { store, direct } = await proxied(({ url = "" }) => (url.includes("partNumber=2") ? "stall" : "pass"), 300);
  await expect(store.put(NAME, chunksOf(noise(12 * MIB)), calm)).rejects.toMatchObject({
    id: "backup-failed",
    message: expect.stringContaining("did not answer in time"),
  });
  await nothingStands(direct);
});

test("a download that breaks off is taken up again", async () => {
  let cuts = 0;
  const { store, direct } = await proxied(({ method, url = "" }) => {
    if (method !== "GET" || !url.includes(NAME) || cuts === 6) return "pass";
    cuts += 1;
    return { cutAfter: 1_500_000 };
  });
  const content = noise(12 * MIB);
  await direct.put(NAME, chunksOf(content), calm);
  expect(sha256(await all(store.get(NAME, calm)))).toBe(sha256(content));
  expect(cuts).toBe(6);
});

test("a download that brings nothing more ends", async () => {
  const { store, direct } = await proxied(({ method, url = "", headers }) => {
    if (method !== "GET" || !url.includes(NAME)) return "pass";
    return { cutAfter: headers.range === undefined ? 1_000_000 : 0 };
  });
  await direct.put(NAME, chunksOf(noise(4 * MIB)), calm);
  await expect(all(store.get(NAME, calm))).rejects.toMatchObject({
    id: "backup-failed",
    message: expect.stringContaining("broke off"),
  });
});

test("a download goes on with the same object only", async () => {
  let cuts = 0;
  const { store, direct } = await proxied(({ method, url = "" }) => {
    if (method !== "GET" || !url.includes(NAME)) return "pass";
    cuts += 1;
    return cuts === 1 ? { cutAfter: 1_000_000 } : "pass";
  });
  await direct.put(NAME, chunksOf(noise(4 * MIB)), calm);
  const read = async () => {
    for await (const _ of store.get(NAME, calm)) {
      if (cuts > 1) continue;
      await direct.remove(NAME, calm);
      await direct.put(NAME, chunksOf(noise(4 * MIB)), calm).catch(() => undefined);
    }
  };
  await expect(read()).rejects.toMatchObject({
    message: "somebody has replaced the backup while it was read",
  });
});

test("a reader may stop early", async () => {
  const store = await storeOf(server, { prefix: freshPrefix() });
  await store.put(NAME, chunksOf(noise(12 * MIB)), calm);
  for await (const chunk of store.get(NAME, calm)) {
    expect(chunk.byteLength).toBeGreaterThan(0);
    break;
  }
});

test("encryption is asked for", async () => {
  const proxy = await startProxy(server.endpoint, () => "pass");
  onTestFinished(proxy.close);
  const store = await storeOf(server, {
    endpoint: proxy.endpoint,
    prefix: freshPrefix(),
    sse: "aws:kms",
    kmsKeyId: "k1",
  });
  await store.put(NAME, chunksOf(noise(10)), calm).catch(() => undefined);
  await store.put(`${NAME}2`, chunksOf(noise(6 * MIB)), calm).catch(() => undefined);
  const begun = proxy.seen.filter(({ method, url = "" }) => method === "PUT" || url.includes("uploads"));
  expect(begun.length).toBeGreaterThan(1);
  expect(begun.filter(({ url = "" }) => !url.includes("partNumber")).map(({ headers }) => headers)).toEqual(
    Array.from({ length: 2 }, () =>
      expect.objectContaining({
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "k1",
      }),
    ),
  );
});
