import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { HeadgateError } from "../../agent/errors/headgate-error.ts";
import { renderError } from "../../agent/errors/render.ts";
import { createRedactor } from "../../agent/lib/redact.ts";
import { type Certificates, makeCertificates } from "../postgres/certificates.ts";
import { startProxy } from "./harness/http-proxy.ts";
import { type S3Server, startS3 } from "./harness/s3-server.ts";
import { all, calm, chunksOf, keysOfServer, MIB, namesIn, noise, partsIn, secretFolder, storeOf } from "./s3-scene.ts";

const NAME = "20260101T000000Z-shop-0123abcd.dump";

let server: S3Server;
let certificates: Certificates;
beforeAll(async () => {
  certificates = makeCertificates();
  server = await startS3();
});
afterAll(async () => {
  await server.remove();
  certificates.remove();
});
afterEach(() => vi.useRealTimers());

const words = async (work: Promise<unknown>): Promise<HeadgateError> => {
  const error = await work.then(
    () => expect.unreachable("it should fail"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HeadgateError);
  return error as HeadgateError;
};

test("a check finds a bucket that can be written, and leaves nothing", async () => {
  const store = await storeOf(server);
  await store.check(calm);
  expect(await namesIn(store)).toEqual([]);
  expect(partsIn(server)).toEqual([]);
});

test.each([
  [
    "a bucket that is not there",
    { bucket: "nowhere" },
    {},
    "bad-settings",
    /has no bucket nowhere/,
    /backup\.s3\.bucket/,
  ],
  ["a bucket with a slash", { bucket: "s3://backups" }, {}, "bad-settings", /s3:\/\/backups/, /backup\.s3\.bucket/],
  ["another region", { region: "mars-1" }, {}, "bad-settings", /region/, /backup\.s3\.region/],
  ["an unknown key", {}, { AWS_ACCESS_KEY_ID: "AKNOBODY" }, "bad-settings", /does not know the access key/, /correct/],
  ["another secret", {}, { AWS_SECRET_ACCESS_KEY: "secret-of-others" }, "bad-settings", /does not fit/, /secret/],
  ["no secret", {}, { AWS_SECRET_ACCESS_KEY: "" }, "bad-settings", /no key AWS_SECRET_ACCESS_KEY/, /backup\.s3\.keys/],
  ["other names in the Secret", { keys: { accessKeyId: "id" } }, {}, "bad-settings", /no key id/, /backup\.s3\.keys/],
  ["a port where nothing is", { endpoint: "http://127.0.0.1:9" }, {}, "backup-failed", /nothing answers/, /endpoint/],
  [
    "a host that has no address",
    { endpoint: "http://s3.invalid" },
    {},
    "backup-failed",
    /the name of http:\/\/s3\.invalid does not resolve/,
    /DNS/,
  ],
  ["TLS where there is none", { endpoint: "https://127.0.0.1:PORT" }, {}, "bad-settings", /no TLS/, /http:/],
] as const)("%s: says what, where, and what to do", async (...[, more, keys, id, what, fix]) => {
  const redactor = createRedactor();
  const secret = secretFolder({ ...keysOfServer(server), ...keys });
  const endpoint = "endpoint" in more ? more.endpoint.replace("PORT", String(server.port)) : server.endpoint;
  const store = await storeOf(server, { ...(more as object), endpoint }, { secret, redactor });
  const error = await words(store.check(calm));
  expect(error.message).toMatch(what);
  expect(error).toMatchObject({ id, fix: expect.stringMatching(fix) });
  const put = await words(store.put(NAME, chunksOf(noise(10)), calm));
  expect(put.message).toBe(error.message);
  const shown = redactor.clean(renderError(error));
  for (const value of [server.secretAccessKey, "secret-of-others"]) expect(shown).not.toContain(value);
});

test("the Secret and the CA bundle that are not there are named", async () => {
  const { message } = await words((await storeOf(server, {}, { secret: "/nowhere" })).check(calm));
  expect(message).toBe("Secret keys for backups is not there, or has no key AWS_ACCESS_KEY_ID");
  const ca = await words((await storeOf(server, {}, { ca: "/nowhere/ca.crt" })).check(calm));
  expect(ca).toMatchObject({ id: "bad-settings", message: expect.stringContaining("/nowhere/ca.crt, is not there") });
});

test("what the store refuses is said in its words, with the rights that are needed", async () => {
  const proxy = await startProxy(server.endpoint, ({ method }) =>
    method === "PUT" ? { status: 403, code: "AccessDenied", message: "not allowed: s3:PutObject" } : "pass",
  );
  onTestFinished(proxy.close);
  const store = await storeOf(server, { endpoint: proxy.endpoint, prefix: "forbidden" });
  expect(await words(store.put(NAME, chunksOf(noise(10)), calm))).toMatchObject({
    id: "bad-settings",
    message: expect.stringContaining("not allowed: s3:PutObject"),
    fix: expect.stringContaining("s3:AbortMultipartUpload"),
  });
});

test("AWS names the region that a bucket is in, and so does the error", async () => {
  const proxy = await startProxy(server.endpoint, () => ({ status: 301, code: "PermanentRedirect" }));
  onTestFinished(proxy.close);
  const store = await storeOf(server, { endpoint: proxy.endpoint });
  expect(await words(store.check(calm))).toMatchObject({
    id: "bad-settings",
    message: expect.stringContaining("the bucket backups is in"),
    fix: expect.stringContaining("backup.s3.region"),
  });
});

test("the secret is known to the redactor, raw, URL-encoded and base64", async () => {
  const redactor = createRedactor();
  await (await storeOf(server, {}, { redactor })).check(calm);
  const { secretAccessKey } = server;
  const text = [secretAccessKey, encodeURIComponent(secretAccessKey), Buffer.from(secretAccessKey).toString("base64")];
  expect(redactor.clean(text.join(" "))).toBe("[redacted] [redacted] [redacted]");
});

test.each([
  ["ahead", 3_600_000],
  ["behind", -3_600_000],
])("a clock that is an hour %s", async (_title, by) => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + by });
  const store = await storeOf(server, { prefix: `clock-${by}` });
  const content = noise(12 * MIB);
  await store.put(NAME, chunksOf(content), calm);
  expect(await all(store.get(NAME, calm))).toEqual(content);
});

test("a clock that the store goes on refusing is told with what it says", async () => {
  const proxy = await startProxy(server.endpoint, () => ({ status: 403, code: "RequestTimeTooSkewed" }));
  onTestFinished(proxy.close);
  const store = await storeOf(server, { endpoint: proxy.endpoint });
  expect(await words(store.check(calm))).toMatchObject({
    id: "backup-failed",
    message: expect.stringMatching(/the clock here is too far from that of .* it says \d{4}-/),
  });
});

test("TLS that is not trusted is refused, and trusted with its CA", async () => {
  const files = certificates.issue("s3", "IP:127.0.0.1", join(certificates.ca, ".."));
  const safe = await startS3({ tls: files });
  onTestFinished(safe.remove);
  const error = await words((await storeOf(safe)).check(calm));
  expect(error).toMatchObject({ id: "bad-settings", fix: expect.stringContaining("backup.s3.caSecret") });
  expect(error.message).toContain(`the certificate of ${safe.endpoint} is not trusted`);
  const other = await storeOf(safe, {}, { ca: certificates.otherCa });
  expect((await words(other.check(calm))).message).toContain("is not trusted");
  const store = await storeOf(safe, {}, { ca: certificates.ca });
  const content = noise(6 * MIB);
  await store.put(NAME, chunksOf(content), calm);
  expect(await all(store.get(NAME, calm))).toEqual(content);
  expect(readFileSync(join(safe.folder, NAME)).equals(content)).toBe(true);
});

test("a disk that is full: says so, and nothing has the name", async () => {
  const small = await startS3({ mib: 12 });
  onTestFinished(small.remove);
  const store = await storeOf(small);
  const error = await words(store.put(NAME, chunksOf(noise(40 * MIB)), calm));
  expect(error).toMatchObject({ id: "backup-failed", message: expect.stringContaining("has no room left") });
  expect(await namesIn(store)).toEqual([]);
  await store.put(NAME, chunksOf(noise(2 * MIB)), calm);
  expect(await namesIn(store)).toEqual([NAME]);
});
