import { execFile } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { ADDS_STATE, DROPS_NOTE, useBackups } from "../postgres/backup-scene.ts";
import { buildBundle } from "../support/bundle.ts";
import { REGION, type S3Server, startS3 } from "./harness/s3-server.ts";
import { partsIn } from "./s3-scene.ts";

const execute = promisify(execFile);
const scene = useBackups();
let server: S3Server;
let prefix: string;
let count = 0;

beforeAll(async () => {
  server = await startS3();
});
afterAll(async () => await server?.remove());

const settings = (more: Readonly<Record<string, unknown>> = {}) => ({
  strategy: "dump",
  s3: {
    ...{ bucket: server.bucket, prefix, region: REGION, endpoint: server.endpoint, forcePathStyle: true },
    ...{ partSizeMiB: 5, ...more },
  },
});

beforeEach(() => {
  prefix = `shop/run-${++count}`;
  scene.backup(settings());
});

const keys = () => ({ AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey });

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const result = await scene.run(args, { ...keys(), ...env });
  for (const output of [result.stdout, result.stderr]) expect(output).not.toContain(server.secretAccessKey);
  return result;
};

/** What lies under final names. */
const stored = (): string[] => {
  const folder = join(server.folder, prefix);
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
};

const rows = "SELECT id, customer, total, note FROM orders ORDER BY id";

async function inDatabase(name: string, text: string): Promise<pg.QueryResultRow[]> {
  const url = new URL(scene.shop.url);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Rows that make a dump of several parts. */
const grow = async () =>
  await scene.shop.sql(`INSERT INTO logs (line)
    SELECT md5(n::text) || md5(random()::text) || md5(random()::text) || md5(random()::text) FROM generate_series(1, 150000) AS n`);

test("a proved copy in the bucket before data is destroyed; list, verify and restore bring it back", async () => {
  scene.files.write(ADDS_STATE);
  expect(await run(["migrate"])).toMatchObject({ code: 0 });
  expect(stored()).toEqual([]);

  const before = await scene.shop.sql(rows);
  scene.files.write({ "003_note.sql": DROPS_NOTE["002_note.sql"] });
  const { code, stderr } = await run(["migrate"]);
  expect(stderr).toMatch(new RegExp(`in s3://${server.bucket}/${prefix}, .*, read back whole`));
  expect(code).toBe(0);
  const [dump = "", record = "", ...more] = stored();
  expect(more).toEqual([]);
  const name = dump.replace(/\.dump$/, "");
  expect(record).toBe(`${name}.json`);

  const listed = JSON.parse((await run(["backup", "list", "--json"])).stdout);
  expect(listed).toMatchObject({ backups: [{ name, database: scene.shop.name }], leftovers: [] });
  expect(await run(["backup", "verify"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${name} is whole`),
  });
  const restored = JSON.parse((await run(["backup", "restore", name, "--json"])).stdout);
  try {
    expect(await inDatabase(restored.database, rows)).toEqual(before);
  } finally {
    await scene.shop.sql(`DROP DATABASE ${pg.escapeIdentifier(restored.database)}`);
  }
});

test("the bundle that the image has does the same", async () => {
  const dist = mkdtempSync(join(tmpdir(), "headgate-dist-"));
  onTestFinished(() => rmSync(dist, { recursive: true, force: true }));
  buildBundle(dist);
  const bundled = async (...args: readonly string[]) =>
    await execute(process.execPath, [join(dist, "main.js"), ...args, "-f", scene.values], {
      env: { ...process.env, ...keys(), DATABASE_URL: scene.shop.url, PATH: `${scene.bin}:${process.env.PATH}` },
    });
  const { stdout } = await bundled("backup");
  expect(stored()).toHaveLength(2);
  expect((await bundled("backup", "verify")).stdout).toContain(`${stdout.split(" ")[0]} is whole`);
});

test("a changed byte in the bucket is found", async () => {
  await run(["backup"]);
  const [dump = ""] = stored();
  const path = join(server.folder, prefix, dump);
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
  const file = openSync(path, "r+");
  writeSync(file, bytes);
  closeSync(file);
  expect(await run(["backup", "verify"])).toMatchObject({ code: 5, stderr: expect.stringContaining("bad-backup") });
});

test("the store is killed half-way through the upload: code 5, nothing changed, nothing under the name; then it works", async () => {
  await grow();
  scene.files.write(DROPS_NOTE);
  const running = scene.start(["migrate"], keys());
  while (partsIn(server).length === 0 && running.process.exitCode === null) await sleep(20);
  await server.kill();
  const { code, stderr } = await running.result;
  expect(code).toBe(5);
  expect(stderr).toContain(server.endpoint);
  expect(stderr).toContain("nothing was changed");
  expect(stored()).toEqual([]);
  expect((await scene.shop.sql("SELECT note FROM orders LIMIT 1")).length).toBe(1);
  await server.start();
  expect(await run(["backup", "list", "--json"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(".partial"),
  });
  expect(await run(["migrate"])).toMatchObject({ code: 0 });
  expect(stored()).toHaveLength(2);
});

test("the run itself is killed half-way: nothing under the name, and the next run makes its own", async () => {
  await grow();
  scene.files.write(DROPS_NOTE);
  const running = scene.start(["migrate"], keys());
  const parts = partsIn(server).length;
  while (partsIn(server).length === parts && running.process.exitCode === null) await sleep(20);
  running.process.kill("SIGKILL");
  expect(await running.result).toMatchObject({ signal: "SIGKILL" });
  expect(stored()).toEqual([]);
  expect(await run(["migrate"])).toMatchObject({ code: 0 });
  expect(stored()).toHaveLength(2);
});

test("a pg_dump that dies half-way leaves nothing in the bucket, no parts either", async () => {
  // So much that it is not at its end when the first part is seen.
  for (let times = 0; times < 3; times += 1) await grow();
  scene.files.write(DROPS_NOTE);
  const before = partsIn(server);
  const running = scene.start(["migrate"], keys());
  while (partsIn(server).length === before.length && running.process.exitCode === null) await sleep(20);
  await scene.shop.sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'headgate:dump'",
  );
  expect(await running.result).toMatchObject({ code: 5, stderr: expect.stringContaining("pg_dump") });
  expect(stored()).toEqual([]);
  expect(partsIn(server)).toEqual(before);
});

test.each([
  ["no such bucket", { bucket: "nowhere" }, {}, 1, "has no bucket nowhere"],
  ["a wrong secret", {}, { AWS_SECRET_ACCESS_KEY: "not-that-secret" }, 1, "does not fit its access key"],
  ["nothing there", { endpoint: "http://127.0.0.1:9" }, {}, 5, "nothing answers at http://127.0.0.1:9"],
])("%s: told before anything changes", async (...[, more, env, code, what]) => {
  scene.backup(settings(more));
  scene.files.write(DROPS_NOTE);
  const result = await run(["migrate"], env);
  expect(result.stderr).toContain(what);
  expect(result.code).toBe(code);
  expect((await scene.shop.sql("SELECT note FROM orders LIMIT 1")).length).toBe(1);
});
