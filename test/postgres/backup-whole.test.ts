import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readCatalog } from "../../agent/backup/catalog.ts";
import type { BackupContext } from "../../agent/backup/context.ts";
import { findBackup } from "../../agent/backup/find.ts";
import { makeDump } from "../../agent/backup/make-dump.ts";
import type { Store } from "../../agent/backup/store.ts";
import { verifyStored } from "../../agent/backup/verify-stored.ts";
import { volumeStore } from "../../agent/backup/volume-store.ts";
import { createHumanLog } from "../../agent/lib/log.ts";
import { createRedactor } from "../../agent/lib/redact.ts";
import { openSession } from "../../agent/postgres/session.ts";
import { urlSource } from "../../agent/postgres/sources.ts";
import { parseSettings } from "../../agent/settings/settings.ts";
import { namesFor } from "../../agent/stages/schemas.ts";
import { CANARY } from "../support/canary.ts";
import { useBackups } from "./backup-scene.ts";

const scene = useBackups();
const RUNS = 100;
const seed = Number(process.env.HEADGATE_TEST_SEED ?? randomInt(2 ** 31));

async function contextHere(): Promise<BackupContext> {
  const settings = await parseSettings(undefined, "desk");
  return {
    settings,
    names: namesFor(settings),
    env: { PATH: `${scene.bin}:${process.env.PATH}` },
    log: createHumanLog(() => undefined, createRedactor(), { level: "error", colour: false }),
    ...{ ticker: undefined, pod: undefined, applicationName: "test", scratch: undefined },
    s3: { secret: undefined, ca: undefined, redactor: createRedactor() },
    signal: new AbortController().signal,
  };
}

/** All of a database in SQL but for the history, which went on after the copy was made; `\\restrict` has another word each time. */
function asSql(database: string): string {
  const { host, port } = scene.server;
  const args = ["--host", host, "--port", String(port), "--username", "postgres", "--exclude-schema", "headgate"];
  const sql = execFileSync(join(scene.bin, "pg_dump"), [...args, "--dbname", database], {
    env: { PGPASSWORD: CANARY },
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return sql.replaceAll(/^\\(un)?restrict .*$/gm, "");
}

async function restoredIsTheSame(name: string): Promise<void> {
  const { database } = await scene.json("backup", "restore", name);
  const [restored, original] = [asSql(String(database)), asSql(scene.shop.name)];
  await scene.shop.sql(`DROP DATABASE ${database} WITH (FORCE)`);
  expect(original).toContain("COPY public.orders");
  expect(restored === original).toBe(true);
}

it(`a real backup that is cut or has a flipped bit is always caught, ${RUNS} times each; seed ${seed}`, {
  timeout: 600_000,
}, async () => {
  const name = String((await scene.json("backup")).name);
  const context = await contextHere();
  const { signal } = context;
  const store = volumeStore(scene.store);
  const paths = { dump: join(scene.store, `${name}.dump`), record: join(scene.store, `${name}.json`) };
  const good = { dump: readFileSync(paths.dump), record: readFileSync(paths.record) };
  const verify = async () => await verifyStored(context, store, await findBackup(store, name, signal));
  await verify();
  const caught = async (path: string, bytes: Buffer, whole: Buffer): Promise<void> => {
    writeFileSync(path, bytes);
    await expect(verify()).rejects.toMatchObject({ id: "bad-backup" });
    writeFileSync(path, whole);
  };
  const options = { numRuns: RUNS, seed, endOnFailure: true };
  const cut = fc.integer({ min: 0, max: good.dump.length - 1 });
  await fc.assert(
    fc.asyncProperty(cut, async (length) => await caught(paths.dump, good.dump.subarray(0, length), good.dump)),
    options,
  );
  const flipped = (bytes: Buffer, bit: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  };
  const bit = fc.integer({ min: 0, max: good.dump.length * 8 - 1 });
  await restoredIsTheSame(name);
  await fc.assert(
    fc.asyncProperty(bit, async (at) => await caught(paths.dump, flipped(good.dump, at), good.dump)),
    options,
  );
  await restoredIsTheSame(name);
  // A flip in the record makes it none, or says nothing else than before.
  const inRecord = fc.integer({ min: 0, max: good.record.length * 8 - 1 });
  const [known] = (await readCatalog(store, signal)).backups;
  await fc.assert(
    fc.asyncProperty(inRecord, async (at) => {
      writeFileSync(paths.record, flipped(good.record, at));
      const { backups } = await readCatalog(store, signal);
      for (const found of backups) expect(found).toEqual(known);
    }),
    options,
  );
  writeFileSync(paths.record, good.record);
  await verify();
  await restoredIsTheSame(name);
});

it("a store that gives back other bytes than it was given is no place for a backup, and nothing stays there", async () => {
  const context = await contextHere();
  const { database } = context.settings;
  const connection = await urlSource(scene.shop.url, "the test", createRedactor())();
  const session = await openSession(connection, { applicationName: "test", timeoutMs: 10_000, database });
  const inner = volumeStore(scene.store);
  const forgetful: Store = {
    ...inner,
    async *get(name, signal) {
      for await (const chunk of inner.get(name, signal)) yield chunk.map((byte, at) => (at === 100 ? byte ^ 4 : byte));
    },
  };
  const subject = { session, planHash: undefined, run: undefined, touched: undefined };
  await expect(makeDump(context, subject, forgetful)).rejects.toMatchObject({
    id: "backup-failed",
    message: expect.stringContaining("gives back other bytes than it was given"),
  });
  expect(scene.stored()).toEqual([]);
  const made = await makeDump(context, subject, inner);
  expect(scene.stored()).toEqual([`${made.name}.dump`, `${made.name}.json`]);
  await session.close();
});
