import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** Default one minute. */
  readonly timeoutMs?: number;
  /** Default 200 ms. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Added to the message when the wait was in vain, e.g. where a log is. */
  readonly hint?: string;
}

/** Asks again until the probe answers with something truthy; a probe that throws has not answered yet. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const end = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < end) {
    options.signal?.throwIfAborted();
    try {
      const answer = await probe();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(options.everyMs ?? 200);
  }
  const hint = options.hint === undefined ? "" : ` (${options.hint})`;
  throw new Error(`Gave up after ${timeoutMs / 1000} s waiting for ${what}${hint}`, { cause: last });
}
