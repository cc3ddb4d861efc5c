import { elapsed, sleep } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";

/** How often it is looked. */
const LOOK_MS = 100;

/** What a function is doing, as far as that can be seen: its queries. */
export class Pulse {
  #queries = 0;
  #last = elapsed();

  /** Runs a query for it. */
  async during<T>(query: Promise<T>): Promise<T> {
    this.#queries += 1;
    try {
      return await query;
    } finally {
      this.#queries -= 1;
      this.#last = elapsed();
    }
  }

  /** Milliseconds without a query. */
  get stillMs(): number {
    return this.#queries > 0 ? 0 : elapsed() - this.#last;
  }
}

/**
 * Waits for a function of a migration, and gives up on one that does nothing for `mostMs`: it would hold up the run for
 * ever, with the locks that it has, and Node ends without a word when nothing else is left to wait for.
 */
export async function unlessStuck(work: Promise<unknown>, pulse: Pulse, mostMs: number): Promise<void> {
  const over = new AbortController();
  const watch = async () => {
    while (pulse.stillMs < mostMs) await sleep(LOOK_MS, over.signal);
    throw new Error(
      `it did nothing for ${formatDuration(mostMs)} and did not end: it awaits a promise that nobody settles, or takes a second parameter, node-pg-migrate's callback, and does not call it`,
    );
  };
  try {
    await Promise.race([work, watch()]);
  } finally {
    over.abort();
  }
}
