import { sleep } from "../lib/clock.ts";
import { type Client, connect } from "../postgres/client.ts";
import type { Connection } from "../postgres/connection.ts";

const never = new AbortController().signal;

/** Cancels what `pid` runs, again and again until `settled`: one cancel may fall between two statements and be lost. */
async function cancelUntil(client: Client, pid: number, settled: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !settled(); tries += 1) {
    await client.query(`SELECT pg_cancel_backend(${pid})`);
    await sleep(100, never);
  }
}

/**
 * Ends what `pid` has in flight, from a second connection. When none can be had, `cut` closes the first: the server
 * notices within client_connection_check_interval.
 */
export async function cancelBackend(
  target: { readonly connection: Connection; readonly pid: number },
  settled: () => boolean,
  cut: () => Promise<void>,
): Promise<void> {
  try {
    const client = await connect(target.connection, { applicationName: "headgate:cancel", timeoutMs: 3_000 });
    try {
      await cancelUntil(client, target.pid, settled);
    } finally {
      await client.close();
    }
  } catch {
    await cut();
  }
}
