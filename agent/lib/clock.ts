import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds since the process began: monotonic, so a clock that jumps never bends a duration. */
export const elapsed = (): number => process.uptime() * 1_000;

/** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** `ms` spread by up to a half either way, so that two waiters do not march in step. */
export const jitter = (ms: number): number => ms * (0.5 + Math.random());
