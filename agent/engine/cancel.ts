import { sleep } from "../lib/clock.ts";
import { type Client, connect } from "../postgres/client.ts";
import type { Session } from "../postgres/session.ts";

const never = new AbortController().signal;

/** Cancels what `pid` runs, again and again until `settled`: one cancel may fall between two statements and be lost. */
async function cancelUntil(client: Client, pid: number, settled: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !settled(); tries += 1) {
    await client.query(`SELECT pg_cancel_backend(${pid})`);
    await sleep(100, never);
  }
}

/**
 * Ends what the session has in flight, from a second connection. When none can be had, the session is closed: the server
 * notices within client_connection_check_interval.
 */
async function cancelBackend({ connection, facts, close }: Session, settled: () => boolean): Promise<void> {
  try {
    const client = await connect(connection, { applicationName: "headgate:cancel", timeoutMs: 3_000 });
    try {
      await cancelUntil(client, facts.pid, settled);
    } finally {
      await client.close();
    }
  } catch {
    await close();
  }
}

export interface Stopper {
  /** Tells that a cancelled statement has ended; resolves when no further cancel will be sent. */
  readonly interrupted: () => Promise<void>;
}

/** Runs `work` and, when the signal aborts, cancels what the session has in flight. */
export async function stoppable<T>(
  signal: AbortSignal,
  session: Session,
  work: (stopper: Stopper) => Promise<T>,
): Promise<T> {
  let settled = false;
  let cancelling: Promise<void> = Promise.resolve();
  const cancel = () => {
    cancelling = cancelBackend(session, () => settled);
  };
  const interrupted = async () => {
    if (!signal.aborted) return;
    settled = true;
    // A cancel that is still under way must not hit what is written next.
    await cancelling;
  };
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await work({ interrupted });
  } finally {
    settled = true;
    signal.removeEventListener("abort", cancel);
  }
}
