import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findClients, findReader } from "../../agent/backup/clients.ts";
import { targetKey } from "../../agent/engine/lock.ts";
import { memberTarget } from "../../agent/history/schema.ts";
import { parseSettings } from "../../agent/settings/settings.ts";
import { MARK } from "../support/canary.ts";
import { folder, type Result, startHeadgate } from "../support/headgate.ts";
import { DROPS_NOTE, useBackups } from "./backup-scene.ts";
import { eventually } from "./scene.ts";

const scene = useBackups();
let programs: string;

beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), "headgate-programs-"));
  chmodSync(programs, 0o755);
});
afterEach(() => rmSync(programs, { recursive: true, force: true }));

/** Stands before the real program, and does `text` with what that writes. */
function standIn(name: "pg_dump" | "pg_restore", text: string): Record<string, string> {
  const real = join(scene.bin, name);
  const lines = [
    "#!/bin/sh",
    `if [ "$1" = --version ]; then exec ${real} --version; fi`,
    text.replaceAll("REAL", real),
  ];
  writeFileSync(join(programs, name), `${lines.join("\n")}\n`);
  chmodSync(join(programs, name), 0o755);
  return { PATH: `${programs}${delimiter}${scene.bin}${delimiter}${process.env.PATH}` };
}

const untouched = async (): Promise<void> => {
  expect(await scene.shop.sql("SELECT count(note)::int AS n FROM orders")).toEqual([{ n: 5000 }]);
};

async function refused(result: Result, said: RegExp): Promise<void> {
  expect(result.stderr).toMatch(said);
  expect(result.stderr).toMatch(/What stands: nothing was changed/);
  expect(result).toMatchObject({ code: 5 });
  expect(result.stderr).not.toContain(MARK);
  expect(readdirSync(scene.store)).toEqual([]);
  await untouched();
}

describe("rows that come after the plan was made", () => {
  const DROPS_LOGS = { "002_logs.sql": "-- Up Migration\nDROP TABLE logs;\n" };
  const held = async (target: string) => {
    const other = await scene.shop.connect();
    const { history } = await parseSettings(undefined, "desk");
    const key = targetKey({ history: { ...history, target } });
    await other.query(`SELECT pg_advisory_lock(${key})`);
    return async () => await other.query("SELECT pg_advisory_unlock_all()");
  };

  it("are kept, when they came while the run waited for its lock", async () => {
    await scene.shop.sql("TRUNCATE logs");
    scene.files.write(DROPS_LOGS);
    const release = await held("default");
    const agent = scene.start(["migrate", "--json"]);
    await eventually(() => expect(agent.stderr()).toContain("another run holds the lock"));
    await scene.shop.sql("INSERT INTO logs (line) SELECT 'late' FROM generate_series(1, 7)");
    await release();
    const { code, stdout, stderr } = await agent.result;
    expect(stderr).toMatch(/002_logs loses 7 rows of logs\n {2}backup \S+-default-[0-9a-f]{8} in /);
    expect({ code, stored: scene.stored().length }).toEqual({ code: 0, stored: 2 });
    expect(JSON.parse(stdout).backup).toMatchObject({ where: scene.store });
  });

  it("are kept, when the copy that was made is of other tables", async () => {
    scene.files.write({ "002_logs.sql": "-- Up Migration\nDROP TABLE IF EXISTS logs;\n" });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    await scene.shop.sql("CREATE TABLE logs (line text); INSERT INTO logs VALUES ('late')");
    scene.backup({ strategy: "dump-touched" });
    scene.files.write({ "003_note.sql": DROPS_NOTE["002_note.sql"] });
    const sql = "DELETE FROM pgmigrations WHERE name = '002_logs'";
    const undo = `REAL "$@"; status=$?; ${join(scene.bin, "psql")} -q -d ${scene.shop.name} -c "${sql}" >&2; exit $status`;
    const { code, stderr } = await scene.run(["migrate"], standIn("pg_dump", undo));
    expect(stderr).toMatch(
      /backup +\S+-default-[\s\S]* {2}002_logs loses 1 row of logs\n[\s\S]* {2}backup \S+-default-/,
    );
    expect({ code, stored: scene.stored().length }).toEqual({ code: 0, stored: 6 });
  });

  it("stop a schema of a fleet, which had nothing to lose when its copy was to be made", async () => {
    await scene.shop.sql("CREATE SCHEMA north; CREATE SCHEMA south");
    scene.backup({ strategy: "dump" }, { fleet: { schemas: ["north", "south"] } });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    scene.files.write(DROPS_LOGS);
    const release = await held(memberTarget("default", "south"));
    const agent = scene.start(["migrate"]);
    await eventually(() => expect(agent.stderr()).toContain("another run holds the lock"));
    await scene.shop.sql("INSERT INTO south.logs (line) VALUES ('late')");
    await release();
    const { code, stderr } = await agent.result;
    expect(stderr).toMatch(/loses data by now that no backup was made of[\s\S]*002_logs loses 1 row of logs/);
    expect(code).toBe(3);
    expect(await scene.shop.sql("SELECT line FROM south.logs")).toEqual([{ line: "late" }]);
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(scene.stored()).toHaveLength(2);
  });
});

describe("a backup that fails stops the run before anything changes, and leaves nothing", () => {
  beforeEach(() => scene.files.write(DROPS_NOTE));

  it("when pg_dump is killed, or ends early without a word", async () => {
    const cut = 'REAL "$@" | head -c 3000';
    await refused(
      await scene.run(["migrate"], standIn("pg_dump", `${cut}; kill -9 $$`)),
      /pg_dump of .* failed\n {2}it ended with a signal/,
    );
    await refused(await scene.run(["migrate"], standIn("pg_dump", cut)), /pg_restore failed\n/);
    await refused(
      await scene.run(["migrate"], standIn("pg_restore", "kill -9 $$")),
      /pg_restore failed\n {2}it ended with a signal/,
    );
  });

  it("when a table is locked for longer than backup.lockTimeout", async () => {
    scene.backup({ strategy: "dump", lockTimeout: "500ms" });
    const other = await scene.shop.connect();
    await other.query("BEGIN; LOCK TABLE logs");
    await refused(await scene.run(["migrate"]), /canceling statement due to lock timeout|LOCK TABLE/);
    await other.end();
  });

  it("when it takes too long", async () => {
    scene.backup({ strategy: "dump", timeout: "3s" });
    await refused(
      await scene.run(["migrate"], standIn("pg_dump", 'case "$*" in *nowhere*) exit 0;; esac; exec sleep 60')),
      /took longer than 3s/,
    );
  });

  it("when the folder is not there, or is a file", async () => {
    const preflight = /warning {2}backup-target: the folder for backups, .*, is not there/;
    scene.backup({ strategy: "dump", volume: { path: join(scene.store, "none") } });
    const missing = await scene.run(["migrate"]);
    expect(missing.stderr).toMatch(preflight);
    await refused(missing, /backup-failed: the folder for backups, .*none, is not there/);
    scene.backup({ strategy: "dump", when: "always", volume: { path: join(scene.store, "none") } });
    expect(await scene.run(["migrate"])).toMatchObject({ code: 3, stderr: expect.stringContaining("backup-target: ") });
    await untouched();
  });

  // Only root may mount; what everybody can run out of is told just below.
  it.runIf(process.getuid?.() === 0)("when the storage is full", async () => {
    const small = join(programs, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]);
    try {
      scene.backup({ strategy: "dump", volume: { path: small } });
      await refused(await scene.run(["migrate"]), /backup-failed: the folder for backups, .*small, is full/);
      expect(readdirSync(small)).toEqual([]);
    } finally {
      execFileSync("umount", [small]);
    }
  });

  it("when the file may not grow as large", async () => {
    scene.backup({ strategy: "dump" });
    const running = scene.start(["migrate"]);
    execFileSync("prlimit", ["--pid", String(running.process.pid), "--fsize=4096"]);
    await refused(await running.result, /backup-failed: the folder for backups, .*, takes no file as large as this/);
  });

  it("by SIGTERM ends with 143", async () => {
    const env = standIn(
      "pg_dump",
      'case "$*" in *nowhere*) exit 0;; esac; REAL "$@" | { head -c 3000; exec sleep 60; }',
    );
    const running = scene.start(["migrate"], env);
    await eventually(() => expect(scene.stored()).toHaveLength(1));
    running.process.kill("SIGTERM");
    expect(await running.result).toMatchObject({ code: 143 });
    expect(scene.stored()).toEqual([]);
    await untouched();
  });

  it("by SIGKILL leaves nothing under the final name, and the next run makes one", async () => {
    const env = standIn(
      "pg_dump",
      'case "$*" in *nowhere*) exit 0;; esac; REAL "$@" | { head -c 4000; sleep 1.5; cat; }',
    );
    for (const wait of [0, 300, 900]) {
      const running = scene.start(["backup"], env);
      await eventually(() => expect(scene.stored().length).toBeGreaterThan(0));
      await sleep(wait);
      running.process.kill("SIGKILL");
      await running.result;
      expect(scene.stored().every((name) => name.endsWith(".partial"))).toBe(true);
      for (const name of scene.stored()) rmSync(join(scene.store, name));
    }
    expect(await scene.run(["migrate"])).toMatchObject({ code: 0 });
    expect(scene.stored()).toHaveLength(2);
  });
});

describe("two backups at once", () => {
  it("are made both, each under a name of its own", async () => {
    const made = await Promise.all([1, 2, 3].map(async () => await scene.run(["backup", "--json"])));
    expect(made.map(({ code }) => code)).toEqual([0, 0, 0]);
    const names = made.map(({ stdout }) => JSON.parse(stdout).name);
    expect(new Set(names).size).toBe(3);
    expect(scene.stored()).toHaveLength(6);
    for (const name of names) expect(await scene.run(["backup", "verify", name])).toMatchObject({ code: 0 });
  });
});

describe("a backup in a Job of its own", () => {
  it("is not ended by the deadline of the release's Job, whose pod it borrows", async () => {
    const release = { name: "shop", namespace: "web", revision: 7, chart: "headgate-0.1.0", image: "shop:1" };
    const borrowed = folder({
      "pod/release.json": JSON.stringify({ ...release, deadlineSeconds: 31, graceSeconds: 5 }),
      "pod/settings.json": JSON.stringify({ database: { existingSecret: "shop" } }),
      ...{ "pod/name": "shop-x", "pod/namespace": "web", "pod/job-uid": "0c1b7f3e", "pod/job-name": "shop" },
      "secret/uri": scene.shop.url,
    });
    const env = standIn("pg_dump", 'case "$*" in *nowhere*) exit 0;; esac; sleep 2; exec REAL "$@"');
    const at = (name: string) => join(borrowed.path, name);
    const args = ["backup", "--pod", at("pod"), "--secret", at("secret"), `--backups=${scene.store}`];
    const { code, stderr } = await startHeadgate(args, env).result;
    borrowed.remove();
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(scene.stored()).toHaveLength(2);
  });
});

describe("client programs", () => {
  const env = { PATH: process.env.PATH };

  it("that are older than the server, or are not there, are named with what to install", async () => {
    await expect(findClients({ version: 990_001 }, env)).rejects.toMatchObject({
      id: "backup-failed",
      message: expect.stringMatching(/^no pg_dump of PostgreSQL 99 or later is here: .* there is .* in .*pg_dump/),
      fix: expect.stringContaining("apt-get install postgresql-client-99"),
    });
    await expect(findReader("99.1", env)).rejects.toMatchObject({ id: "backup-failed" });
  });

  it("are the oldest that fit", async () => {
    const { dump, restore } = await findClients(
      { version: 140_000 },
      { PATH: `${scene.bin}${delimiter}${process.env.PATH}` },
    );
    expect(restore.major).toBe(dump.major);
  });
});
