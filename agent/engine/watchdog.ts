import { elapsed, sleep } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import { inTime } from "../lib/in-time.ts";
import type { Client, Row } from "../postgres/client.ts";
import { findBlockers } from "./blockers.ts";
import type { Executor, WorkItem } from "./work.ts";

/** How long no migration has to end before the first line, and between two lines. */
const EVERY_MS = 10_000;
const LOOK_MS = 5_000;

/** Each phase counts in another unit; those that count nothing of use have none. */
const progressSql = (pid: number): string => `
SELECT phase, CASE WHEN phase LIKE 'waiting%' THEN 'lockers' WHEN phase LIKE '%tuples%' THEN 'tuples' ELSE 'blocks' END AS unit,
  CASE WHEN phase LIKE 'waiting%' THEN lockers_done WHEN phase LIKE '%tuples%' THEN tuples_done ELSE blocks_done END AS done,
  CASE WHEN phase LIKE 'waiting%' THEN lockers_total WHEN phase LIKE '%tuples%' THEN tuples_total ELSE blocks_total END AS total
FROM pg_stat_progress_create_index WHERE pid = ${pid}
UNION ALL SELECT phase, 'blocks', CASE phase WHEN 'scanning heap' THEN heap_blks_scanned WHEN 'vacuuming heap' THEN heap_blks_vacuumed END, heap_blks_total
FROM pg_stat_progress_vacuum WHERE pid = ${pid}
UNION ALL SELECT phase, 'blocks', CASE phase WHEN 'seq scanning heap' THEN heap_blks_scanned END, heap_blks_total
FROM pg_stat_progress_cluster WHERE pid = ${pid}`;

const activitySql = (pid: number): string => `
SELECT a.state, a.wait_event_type, a.wait_event, left(a.query, 1000) AS query, p.phase, p.unit, p.done::float8, p.total::float8
FROM pg_stat_activity a LEFT JOIN (${progressSql(pid)}) p ON true WHERE a.pid = ${pid}`;

const COMMENTS = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;

const headOf = (query: unknown): string => String(query).replace(COMMENTS, "").replaceAll(/\s+/g, " ").slice(0, 120);

function progressOf({ phase, unit, done, total }: Row): string[] {
  if (typeof phase !== "string") return [];
  if (typeof done !== "number" || typeof total !== "number" || total === 0) return [phase];
  return [`${phase}, ${Math.floor((done / total) * 100)} % (${done} of ${total} ${unit})`];
}

/** What the server says of a backend, a part for each thing known. */
function describe(row: Row | undefined): string[] {
  if (row === undefined) return ["its session is not to be seen on the server"];
  if (row.state !== "active") return ["between two statements"];
  const waits = row.wait_event === null ? [] : [`waits for ${row.wait_event_type}/${row.wait_event}`];
  return [headOf(row.query), ...progressOf(row), ...waits];
}

async function look(observer: Client, pid: number): Promise<string[]> {
  const [row] = await observer.query(activitySql(pid));
  const blockers = await findBlockers(observer, pid);
  return [...describe(row), ...blockers.map((who) => `blocked by ${who}`)];
}

type Watched = Pick<Executor, "observe" | "session" | "log">;

export interface Watchdog {
  /** Tells that the oldest migration is finished. */
  readonly done: () => void;
  /** No line comes after it. Waits for nothing. */
  readonly stop: () => void;
}

/** The second connection, opened when it is first needed, and again after it broke. */
function spyglass({ observe, session }: Watched) {
  let observer: Client | undefined;
  const drop = () => {
    observer?.abandon();
    observer = undefined;
  };
  return {
    drop,
    async look(): Promise<string[]> {
      try {
        observer ??= await observe();
        return await inTime(look(observer, session.facts.pid), LOOK_MS);
      } catch {
        // Looking is a courtesy: the migration goes on, and so do the lines.
        drop();
        return ["no second connection was to be had to see more"];
      }
    },
  };
}

/**
 * Says what goes on whenever `everyMs` have passed without a migration being finished: which one, for how long, its
 * statement, what it waits for, its progress, and who blocks it. Nothing is opened before the first line.
 */
export function startWatchdog(
  executor: Watched,
  items: readonly Pick<WorkItem, "name">[],
  everyMs = EVERY_MS,
): Watchdog {
  const ended = new AbortController();
  const glass = spyglass(executor);
  let finished = 0;
  let since = elapsed();
  let spoke = since;
  const speak = async () => {
    const at = finished;
    const parts = await glass.look();
    const name = items[at]?.name;
    if (name === undefined || at !== finished || ended.signal.aborted) return;
    executor.log.info(`  ${name}: running for ${formatDuration(elapsed() - since)}: ${parts.join("; ")}`, {
      migration: name,
    });
  };
  const loop = async () => {
    for (;;) {
      const left = Math.max(since, spoke) + everyMs - elapsed();
      await sleep(Math.max(1, left), ended.signal);
      if (left > 0) continue;
      spoke = elapsed();
      await speak();
    }
  };
  loop().catch(glass.drop);
  return {
    done() {
      finished += 1;
      since = elapsed();
    },
    stop: () => ended.abort(),
  };
}
