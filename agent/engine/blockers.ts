import { sleep } from "../lib/clock.ts";
import type { Client, Row } from "../postgres/client.ts";

const blockersSql = (pid: number): string => `
SELECT a.pid, a.application_name, a.usename, a.state, extract(epoch FROM now() - a.xact_start)::int AS seconds,
  left(regexp_replace(a.query, '\\s+', ' ', 'g'), 120) AS query
FROM unnest(pg_blocking_pids(${pid})) AS b(pid) JOIN pg_stat_activity a ON a.pid = b.pid`;

const describe = (row: Row): string =>
  `pid ${row.pid}, ${row.application_name || row.usename || "no name"}, ${row.state ?? "state hidden"}, transaction open for ${row.seconds ?? "?"} s: ${row.query ?? ""}`;

/** Who stands in the way of `pid` at this moment, a sentence each. */
export const findBlockers = async (observer: Client, pid: number): Promise<string[]> =>
  (await observer.query(blockersSql(pid))).map(describe);

export interface BlockerWatch {
  /** Those who stood in the way at the last look that found any. */
  readonly seen: () => readonly string[];
  stop(): Promise<void>;
}

/**
 * Looks from a second connection who blocks `pid`, twenty times a second: after a lock_timeout the server no longer
 * knows whom it had waited for.
 */
export function watchBlockers(observer: Client, pid: number): BlockerWatch {
  const ended = new AbortController();
  let seen: readonly string[] = [];
  const loop = async () => {
    while (!ended.signal.aborted) {
      const found = await findBlockers(observer, pid);
      if (found.length > 0) seen = found;
      await sleep(50, ended.signal);
    }
  };
  // Looking is a courtesy: when it fails, the migration goes on without names.
  const looking = loop().catch(() => undefined);
  return {
    seen: () => seen,
    async stop() {
      ended.abort();
      await looking;
    },
  };
}
