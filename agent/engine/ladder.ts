import { HeadgateError } from "../errors/headgate-error.ts";
import { elapsed, jitter, sleep } from "../lib/clock.ts";
import { formatDuration, LONGEST_TIMEOUT_MS } from "../lib/duration.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { type BlockerWatch, watchBlockers } from "./blockers.ts";
import type { FlightOutcome } from "./flight.ts";
import type { Executor, Ladder } from "./work.ts";

/** True for what giving way and trying again can mend. */
export const isLockTrouble = (error: unknown): boolean =>
  isState(error, SQLSTATE.lockNotAvailable, SQLSTATE.deadlockDetected);

/** lock_timeout of try number `attempt`, from 0: doubling from the first rung to the largest. Never 0, which is no limit. */
export const rung = (ladder: Ladder, attempt: number): number =>
  Math.max(1, Math.min(ladder.largestMs, ladder.firstMs * 2 ** attempt, LONGEST_TIMEOUT_MS));

const pauseAfter = (attempt: number): number => Math.min(2_000, 50 * 2 ** attempt);

const notToBeHad = (
  name: string,
  { budgetMs }: Ladder,
  found: { tries: number; blockers: readonly string[]; cause: unknown },
) =>
  new HeadgateError("lock-not-available", {
    what: `${name} did not get its table locks: ${found.tries} tries in ${formatDuration(budgetMs)}`,
    details:
      found.blockers.length === 0
        ? ["nobody could be seen in the way"]
        : found.blockers.map((who) => `blocked by ${who}`),
    stands: `${name} was rolled back and holds nothing`,
    cause: found.cause,
  });

async function openWatch(executor: Executor): Promise<BlockerWatch | undefined> {
  try {
    const observer = await executor.observe();
    const watch = watchBlockers(observer, executor.session.facts.pid);
    return {
      seen: watch.seen,
      stop: async () => {
        await watch.stop();
        await observer.close();
      },
    };
  } catch {
    // No second connection to be had: go on without names.
    return undefined;
  }
}

/**
 * Tries again with a longer lock_timeout each time, with jitter between, inside the budget; there is never a last try
 * without a time-out. Gives the outcome of the first try that did not end in lock trouble; rejects with
 * `lock-not-available` and the blockers' names.
 */
export async function climb(
  executor: Executor,
  name: string,
  attempt: (lockTimeoutMs: number) => Promise<FlightOutcome>,
): Promise<FlightOutcome> {
  const { ladder, log, signal } = executor;
  const end = elapsed() + ladder.budgetMs;
  const watch = await openWatch(executor);
  try {
    for (let tries = 1; ; tries += 1) {
      await sleep(jitter(pauseAfter(tries - 1)), signal);
      const left = Math.max(1, end - elapsed());
      const outcome = await attempt(Math.min(rung(ladder, tries), left));
      if (outcome.ok) return { ...outcome, tries: tries + 1 };
      if (!isLockTrouble(outcome.error)) return outcome;
      const blockers = watch?.seen() ?? [];
      log.info(`${name}: waiting for a table lock${blockers.length > 0 ? `, blocked by ${blockers.join("; ")}` : ""}`);
      if (elapsed() >= end) throw notToBeHad(name, ladder, { tries: tries + 1, blockers, cause: outcome.error });
    }
  } finally {
    await watch?.stop();
  }
}
