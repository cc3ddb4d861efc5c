import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Lab } from "./lab.ts";
import type { Link } from "./proxy/link.ts";

/** A writer of sweep_items, whom statements that run CONCURRENTLY have to wait for. */
export interface Blocker {
  /** Resolves when the link's backend waits for it. */
  blocks(link: Link): Promise<void>;
  leave(): Promise<void>;
}

const TRIES = 200;

/** Opens a transaction that writes, on a connection of its own. */
export async function openBlocker(lab: Lab, database: string): Promise<Blocker> {
  const client = new pg.Client({ connectionString: lab.server.url(database) });
  // A crash of the server ends it, too.
  client.on("error", () => {});
  await client.connect();
  await client.query("BEGIN; LOCK TABLE sweep_items IN ROW EXCLUSIVE MODE");
  return {
    async blocks({ pid }) {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const { rowCount } = await client.query(`SELECT WHERE pg_backend_pid() = ANY (pg_blocking_pids(${pid}))`);
        if (rowCount !== 0) return;
        await sleep(10);
      }
      throw new Error("the statement never waited for the writer");
    },
    leave: async () => await client.end().catch(() => undefined),
  };
}
