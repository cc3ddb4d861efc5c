import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startWatchdog } from "../../agent/engine/watchdog.ts";
import type { Log } from "../../agent/lib/log.ts";
import { createRedactor } from "../../agent/lib/redact.ts";
import { type Client, connect } from "../../agent/postgres/client.ts";
import { openSession, type Session } from "../../agent/postgres/session.ts";
import { deskSource } from "../../agent/postgres/sources.ts";
import { loadDeskSettings } from "../../agent/settings/load.ts";
import { backendRunning, eventually, useScene } from "./scene.ts";

const scene = useScene({ "001_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, customer text);\n" });

/** A log that keeps its lines. */
function keeping(): { readonly lines: string[]; readonly log: Log } {
  const lines: string[] = [];
  const add = (line: string) => void lines.push(line);
  return { lines, log: { debug: add, info: add, warn: add, error: add } };
}

async function withWork(work: (session: Session, observe: () => Promise<Client>) => Promise<void>): Promise<void> {
  const { database } = await loadDeskSettings(undefined);
  const connection = await deskSource({ DATABASE_URL: scene.database.url }, database, createRedactor())();
  const options = { applicationName: "headgate:work", timeoutMs: 5_000, database };
  const session = await openSession(connection, options);
  try {
    await work(session, () => connect(connection, { ...options, applicationName: "headgate:watch" }));
  } finally {
    await session.close();
  }
}

const watchers = async (): Promise<number> =>
  (await scene.database.sql("SELECT FROM pg_stat_activity WHERE application_name LIKE '%:watch'")).length;

describe("the watchdog", () => {
  it("opens no connection and says nothing while migrations go on being finished", () =>
    withWork(async (session, observe) => {
      const { lines, log } = keeping();
      let opened = 0;
      const counted = async () => {
        opened += 1;
        return await observe();
      };
      const items = Array.from({ length: 10 }, (_, index) => ({ name: `00${index}` }));
      const watchdog = startWatchdog({ session, log, observe: counted }, items, 2_000);
      for (const _ of items) {
        await sleep(300);
        watchdog.done();
      }
      watchdog.stop();
      expect({ opened, lines }).toEqual({ opened: 0, lines: [] });
    }));

  it("tells the oldest that is not finished, its statement without comments, and what it waits for", () =>
    withWork(async (session, observe) => {
      const { lines, log } = keeping();
      const watchdog = startWatchdog({ session, log, observe }, [{ name: "001_quick" }, { name: "002_slow" }], 500);
      watchdog.done();
      await session.run("-- headgate: allow HG701\n/* a\n note */ SELECT\n  pg_sleep(1.8), 'x'");
      watchdog.stop();
      expect(lines.length).toBeGreaterThanOrEqual(2);
      for (const line of lines)
        expect(line).toMatch(
          /^ {2}002_slow: running for .+: SELECT pg_sleep\(1\.8\), 'x'; waits for Timeout\/PgSleep$/,
        );
      await eventually(async () => expect(await watchers()).toBe(0));
      const said = lines.length;
      await sleep(1_200);
      expect(lines).toHaveLength(said);
    }));

  it("tells phase and percent of an index that is built", () =>
    withWork(async (session, observe) => {
      await session.query(
        "CREATE TABLE big AS SELECT i::text || repeat('x', 50) AS t FROM generate_series(1, 400000) i",
      );
      const { lines, log } = keeping();
      const watchdog = startWatchdog({ session, log, observe }, [{ name: "001_index" }], 20);
      await session.run("CREATE INDEX CONCURRENTLY big_t ON big (t)");
      watchdog.stop();
      expect(lines.join("\n")).toMatch(
        /CREATE INDEX CONCURRENTLY big_t ON big \(t\); building index: [a-z ]+, \d+ % \(\d+ of \d+ (blocks|tuples)\)/,
      );
    }));

  it("goes on speaking when no second connection is to be had", () =>
    withWork(async (session) => {
      const { lines, log } = keeping();
      const observe = async () => await Promise.reject(new Error("too many connections"));
      const watchdog = startWatchdog({ session, log, observe }, [{ name: "001_slow" }], 300);
      await session.run("SELECT pg_sleep(1)");
      watchdog.stop();
      expect(lines[0]).toMatch(/^ {2}001_slow: running for .+ ms: no second connection/);
      expect(lines.length).toBeGreaterThanOrEqual(2);
    }));
});

describe("the agent", () => {
  it("says each 10 s what a concurrent index waits for, and who is in the way", async () => {
    scene.files.write({
      "002_index.sql": "-- headgate: no-transaction\nCREATE INDEX CONCURRENTLY orders_customer ON orders (customer);\n",
    });
    const other = await scene.database.connect();
    await other.query(
      "SET application_name = 'nightly-report'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()",
    );
    const agent = scene.start("migrate");
    await eventually(() => expect(agent.stderr()).toContain("running for 2"));
    await other.query("COMMIT");
    const { code, stderr } = await agent.result;
    expect(code).toBe(0);
    const lines = stderr.split("\n").filter((line) => line.includes("running for"));
    expect(lines).toHaveLength(2);
    for (const line of lines)
      expect(line).toMatch(
        /^ {2}002_index: running for [12]\d\.\d s: CREATE INDEX CONCURRENTLY orders_customer .*; waiting for .*, \d+ % \(\d+ of \d+ lockers\); waits for Lock\/virtualxid; blocked by pid \d+, nightly-report, idle in transaction, transaction open for \d+ s: .*SELECT txid_current\(\)$/,
      );
  });

  it("speaks while it takes back, too, and a line does not keep it from stopping", async () => {
    scene.files.write({
      "002_slow.up.sql": "SELECT 1;",
      "002_slow.down.sql": "SELECT pg_sleep(60);",
    });
    expect(await scene.run("migrate")).toMatchObject({ code: 0 });
    const agent = scene.start("revert", "--steps", "1", "--yes");
    await backendRunning(scene.database, "pg_sleep");
    await eventually(() =>
      expect(agent.stderr()).toMatch(/ {2}002_slow: running for 1\d\.\d s: SELECT pg_sleep\(60\);.*Timeout\/PgSleep/),
    );
    const asked = performance.now();
    agent.process.kill("SIGTERM");
    expect(await agent.result).toMatchObject({ code: 143 });
    expect(performance.now() - asked).toBeLessThan(5_000);
    expect(await watchers()).toBe(0);
  });
});
