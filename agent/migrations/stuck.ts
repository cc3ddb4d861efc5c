import { sleep } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";

/** How often it is looked. */
const LOOK_MS = 100;

/** What somebody's code is doing, as far as that can be seen: its queries. */
export class Pulse {
  #running = 0;
  #ran = false;

  /** Runs a query for it. */
  async during<T>(query: Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await query;
    } finally {
      this.#running -= 1;
      this.#ran = true;
    }
  }

  /** Whether it has run a query since this was asked last. */
  beats(): boolean {
    const beats = this.#ran || this.#running > 0;
    this.#ran = false;
    return beats;
  }
}

/** Somebody's code has not ended, and does nothing any more. */
export class Stuck extends Error {}

/**
 * Waits for somebody's code, and gives up when it does nothing for `mostMs`: it would hold up the run for ever, with the
 * locks that it has, and Node ends without a word when nothing else is left to wait for. Rejects with Stuck. Looks are
 * counted, not time: what computes for long is not still.
 */
export async function unlessStuck<T>(work: Promise<T>, pulse: Pulse, mostMs: number): Promise<T> {
  const over = new AbortController();
  const watch = async (): Promise<never> => {
    for (let stillMs = 0; stillMs < mostMs; ) {
      await sleep(LOOK_MS, over.signal);
      stillMs = pulse.beats() ? 0 : stillMs + LOOK_MS;
    }
    throw new Stuck(
      `it did nothing for ${formatDuration(mostMs)} and did not end: it awaits a promise that nobody settles, or takes a second parameter, node-pg-migrate's callback, and does not call it`,
    );
  };
  try {
    return await Promise.race([work, watch()]);
  } finally {
    over.abort();
  }
}
