import { createHash } from "node:crypto";
import { HeadgateError } from "../errors/headgate-error.ts";
import { NODE_PG_MIGRATE_LOCK as NODE_PG_MIGRATE } from "../history/schema.ts";
import { elapsed, jitter, sleep } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";
import type { Client, Row } from "../postgres/client.ts";
import type { Settings } from "../settings/settings.ts";
import { type OrphanPolicy, settleOrphans } from "./orphans.ts";

/** The exclusive lock of one target, a signed 64-bit number. Advisory locks are per database. */
export function targetKey({ history }: Pick<Settings, "history">): bigint {
  const digest = createHash("sha256").update(`headgate/${history.schema}/${history.target}`).digest();
  return digest.readBigInt64BE(0);
}

const halves = (key: bigint): string => {
  const unsigned = BigInt.asUintN(64, key);
  return `(${unsigned >> 32n}, ${unsigned & 0xffffffffn})`;
};

const tryBoth = (key: bigint): string =>
  `SELECT pg_try_advisory_lock_shared(${NODE_PG_MIGRATE}) AS shared, pg_try_advisory_lock(${key}) AS own`;

const giveBack = (row: Row, key: bigint): string =>
  [
    ...(row.shared === true ? [`SELECT pg_advisory_unlock_shared(${NODE_PG_MIGRATE})`] : []),
    ...(row.own === true ? [`SELECT pg_advisory_unlock(${key})`] : []),
    "SELECT 1",
  ].join("; ");

const holdersSql = (key: bigint): string => `
SELECT a.pid, a.application_name, a.usename, a.state, extract(epoch FROM now() - a.backend_start)::int AS seconds,
  left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120) AS query
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock' AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint, l.objid::bigint) IN (${halves(key)}, ${halves(NODE_PG_MIGRATE)})`;

const describeHolder = (row: Row): string =>
  `pid ${row.pid}, ${row.application_name || row.usename || "no name"}, ${row.seconds === null ? "" : `connected for ${row.seconds} s, `}${row.state ?? "state hidden"}: ${row.query ?? ""}`;

export interface LockOptions {
  readonly key: bigint;
  readonly budgetMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** What to do when it was not to be had, where the caller knows better than the catalogue. */
  readonly next: string | undefined;
  /** Undefined at the desk, where no Job is behind the run. */
  readonly orphans: OrphanPolicy | undefined;
}

interface Holders {
  /** A sentence each. */
  readonly sentences: readonly string[];
  readonly pids: string;
}

async function holders(client: Client, { key, orphans, log }: LockOptions): Promise<Holders> {
  const rows = await client.query(holdersSql(key));
  const pids = rows.map((row) => Number(row.pid));
  const sentences = [...rows.map(describeHolder), ...(await settleOrphans(client, orphans, { pids, log }))];
  return { sentences, pids: pids.join() };
}

/**
 * Takes both locks on the work connection: when its backend dies, work and locks die together. Polls, because a session
 * that blocks in pg_advisory_lock() holds a snapshot, and a CREATE INDEX CONCURRENTLY of the holder would wait for it.
 * Rejects with `busy`, holding nothing, when the budget is spent.
 */
export async function acquireRunLock(client: Client, options: LockOptions): Promise<void> {
  const { key, budgetMs, signal, log } = options;
  const end = elapsed() + budgetMs;
  let said = "";
  for (;;) {
    signal.throwIfAborted();
    const [row = {}] = await client.query(tryBoth(key));
    if (row.shared === true && row.own === true) return;
    const [, holding] = await Promise.all([client.query(giveBack(row, key)), holders(client, options)]);
    if (elapsed() >= end) throw busy(holding.sentences, options);
    if (holding.pids !== "" && said !== holding.pids)
      log.info(`another run holds the lock: ${holding.sentences.join("; ")}`);
    said = holding.pids;
    await sleep(Math.min(jitter(300), Math.max(1, end - elapsed())), signal);
  }
}

const busy = (holding: readonly string[], { budgetMs, next }: LockOptions): HeadgateError =>
  new HeadgateError("busy", {
    ...(next === undefined ? {} : { fix: next }),
    what: `another run held the lock for all of ${formatDuration(budgetMs)}`,
    details: holding.map((holder) => `holder: ${holder}`),
    stands: "nothing was changed by this run",
  });
