import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { parseDuration } from "../../agent/lib/duration.ts";
import { migrate } from "../../agent/settings/schema/pipeline.ts";
import { folder, startHeadgate } from "../support/headgate.ts";
import { createDatabase, type Database, dropDatabase, withAdmin } from "./harness/database.ts";
import { currentCluster, type PostgresHandle } from "./harness/handle.ts";
import { say } from "./harness/paths.ts";

const CLIENTS = 4;
const BLOCKED_MS = 20_000;
/** Long enough for the migration to come through at the last rung, and for what follows it. */
const WRITING_S = 40;

const LARGEST_MS = parseDuration(migrate.properties.lockTimeout.properties.largest.default);

/** The newest of Debian's, which come with the server; undefined where there is none. */
function findPgbench(): string | undefined {
  const home = "/usr/lib/postgresql";
  const versions = existsSync(home) ? readdirSync(home).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(home, version, "bin/pgbench")).find((path) => existsSync(path));
}

async function freshDatabase(postgres: PostgresHandle): Promise<{ readonly database: Database; readonly url: string }> {
  const name = `kindness_${randomBytes(4).toString("hex")}`;
  const database = await createDatabase(postgres, name);
  onTestFinished(() => dropDatabase(postgres, name));
  const url = new URL(postgres.adminUrl);
  url.username = database.user;
  url.password = database.password;
  url.pathname = `/${name}`;
  return { database, url: url.href };
}

/** What a client does again and again: one statement, so that its latency is one stall. It never touches row 1. */
const SCRIPTS = {
  "update.sql": "\\set id random(2, 1000)\nUPDATE orders SET total = total + 1 WHERE id = :id;\n\\sleep 5 ms\n",
  "insert.sql": "INSERT INTO orders (total) VALUES (1);\n\\sleep 5 ms\n",
};

interface Writers {
  readonly process: ChildProcess;
  /** Its exit code, all it printed, and every latency in milliseconds. */
  readonly end: () => Promise<{ code: number; output: string; latencies: readonly number[] }>;
}

async function startWriters(pgbench: string, url: string): Promise<Writers> {
  const home = await mkdtemp(join(tmpdir(), "headgate-pgbench-"));
  const scripts = folder(SCRIPTS);
  onTestFinished(async () => {
    scripts.remove();
    await rm(home, { recursive: true });
  });
  const files = Object.keys(SCRIPTS).flatMap((name) => ["--file", join(scripts.path, name)]);
  const how = ["--no-vacuum", "--protocol=simple", `--client=${CLIENTS}`, "--jobs=2", `--time=${WRITING_S}`];
  const child = spawn(pgbench, [...how, ...files, "--log", `--log-prefix=${home}/log`, url], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill();
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const closed = once(child, "close");
  return {
    process: child,
    async end() {
      const [code] = await closed;
      const lines = readdirSync(home).flatMap((name) => readFileSync(join(home, name), "utf8").trim().split("\n"));
      // Fields: client, number, latency in microseconds, script, and the time.
      return { code: Number(code), output, latencies: lines.map((line) => Number(line.split(" ")[2]) / 1_000) };
    },
  };
}

test("pgbench on the table that is altered, and a transaction that sits on it for 20 s", async ({ skip }) => {
  const { postgres, kind } = currentCluster();
  const pgbench = findPgbench();
  skip(pgbench === undefined && kind === "external", "pgbench comes with the packages of the cluster that we start");
  if (pgbench === undefined) throw new Error("no pgbench below /usr/lib/postgresql");
  const { database, url } = await freshDatabase(postgres);
  const files = folder({
    "001_orders.sql":
      "CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total int NOT NULL);\nINSERT INTO orders (total) SELECT 0 FROM generate_series(1, 1000);\n",
  });
  onTestFinished(files.remove);
  const tls = postgres.caFile === undefined ? { PGSSLMODE: "disable" } : { PGSSLROOTCERT: postgres.caFile };
  const start = () => startHeadgate(["migrate", "--dir", files.path], { DATABASE_URL: url, ...tls });
  expect(await start().result).toMatchObject({ code: 0 });

  const writers = await startWriters(pgbench, url);
  files.write({ "002_note.sql": "ALTER TABLE orders ADD COLUMN note text;\n" });
  const agent = await withAdmin(
    postgres,
    async (blocker) => {
      // It stands in nobody's way but the migration's: no client of pgbench wants this row.
      await blocker.query("SET application_name = 'month-end'; BEGIN; UPDATE orders SET total = 0 WHERE id = 1");
      const started = start();
      await sleep(BLOCKED_MS);
      expect(started.process.exitCode).toBe(null);
      await blocker.query("COMMIT");
      return started;
    },
    database.name,
  );
  const { code, stderr } = await agent.result;
  expect(writers.process.exitCode, "pgbench has to write until the migration is through").toBe(null);
  const { latencies, ...bench } = await writers.end();
  const longest = Math.max(...latencies);
  say(
    `kindness: longest stall of ${CLIENTS} pgbench clients ${(longest / 1_000).toFixed(2)} s, largest rung ${LARGEST_MS / 1_000} s, ${latencies.length} statements in ${WRITING_S} s`,
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(/002_note: waiting for a table lock, blocked by .*month-end/);
  expect(bench).toEqual({ code: 0, output: expect.stringContaining("number of failed transactions: 0 ") });
  expect(bench.output).not.toMatch(/error|abort/i);
  expect(latencies.length).toBeGreaterThan(1_000);
  // A migration that stood in nobody's way would have shown nothing.
  expect(longest).toBeGreaterThan(1_000);
  expect(longest).toBeLessThanOrEqual(LARGEST_MS + 1_000);
});
