import { elapsed } from "./clock.ts";

/** Kept back from the Job's deadline: to schedule the pod, to cancel, to roll back, to report. The chart checks its numbers against it. */
export const RESERVE_MS = 30_000;

/** The moment by which a run has to be over. */
export interface Deadline {
  /** Milliseconds left; Infinity without a deadline, never below 0. */
  leftMs(): number;
  /** Brings the moment nearer, when it turns out that less is left. */
  shortenTo(leftMs: number): void;
  /** Aborts at that moment with the reason it was made with. */
  readonly signal: AbortSignal;
  clear(): void;
}

const LONGEST_TIMER = 2 ** 31 - 1;

export function createDeadline(leftMs: number, reason: () => unknown): Deadline {
  const over = new AbortController();
  let end = elapsed() + leftMs;
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    clearTimeout(timer);
    if (end !== Number.POSITIVE_INFINITY) {
      timer = setTimeout(() => over.abort(reason()), Math.min(LONGEST_TIMER, Math.max(0, end - elapsed()))).unref();
    }
  };
  arm();
  return {
    leftMs: () => Math.max(0, end - elapsed()),
    shortenTo(left) {
      if (elapsed() + left >= end) return;
      end = elapsed() + left;
      arm();
    },
    signal: over.signal,
    clear: () => clearTimeout(timer),
  };
}
