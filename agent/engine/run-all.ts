import { elapsed } from "../lib/clock.ts";
import { collectAfter, collectEach } from "../lib/garbage.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import { migrationFailure } from "./failure.ts";
import { type Flight, type FlightOutcome, launch, launchDynamic } from "./flight.ts";
import { climb, isLockTrouble, rung } from "./ladder.ts";
import { resumeWithoutTransaction, runWithoutTransaction } from "./non-transactional.ts";
import { startWatchdog } from "./watchdog.ts";
import type { Done, Executor, Facts, WorkItem } from "./work.ts";

/** Flights under way at once: enough to hide the network, few enough that memory does not grow with their number. */
const WINDOW = 16;

/** May be sent before the one ahead of it has answered. Behind a pooler nothing may. */
const isPipelined = (item: WorkItem, executor: Executor): boolean =>
  executor.session.facts.pooler === undefined &&
  item.resume === undefined &&
  item.transaction &&
  !item.leavesState &&
  item.build === undefined;

const firstTimeout = (item: WorkItem, { ladder }: Executor): number =>
  item.patient ? 0 : (item.lockTimeoutMs ?? rung(ladder, 0));

type Terms = Pick<Flight, "lockTimeoutMs" | "durable">;

const take = ({ session, plan }: Executor, item: WorkItem, terms: Terms): Promise<FlightOutcome> => {
  const flight = { ...terms, requires: item.requires, record: item.books.record };
  return item.build === undefined
    ? launch(session, plan, { ...flight, sql: item.text()?.sql ?? "" })
    : launchDynamic(session, plan, { ...flight, build: item.build });
};

async function fly(executor: Executor, item: WorkItem, lockTimeoutMs: number): Promise<FlightOutcome> {
  const outcome = await take(executor, item, { lockTimeoutMs, durable: true });
  // The server leaves a failed transaction open until it is told.
  if (outcome.ok) return outcome;
  await executor.interrupted();
  if (!isConnectionLoss(outcome.error)) await executor.session.query("ROLLBACK");
  return outcome;
}

function raise(executor: Executor, item: WorkItem, outcome: FlightOutcome & { ok: false }): never {
  executor.signal.throwIfAborted();
  if (isConnectionLoss(outcome.error)) throw outcome.error;
  throw migrationFailure({ item, step: outcome.step, error: outcome.error });
}

/** Runs one that stands alone, with all tries for its locks. `tried`: the first try was already made and failed. */
async function runAlone(executor: Executor, item: WorkItem, tried: boolean): Promise<Facts> {
  const attempt = (lockTimeoutMs: number) => fly(executor, item, item.patient ? 0 : lockTimeoutMs);
  const first = tried ? undefined : await attempt(firstTimeout(item, executor));
  const again = first === undefined || (!first.ok && isLockTrouble(first.error));
  const outcome = again ? await climb(executor, item.name, attempt) : first;
  if (!outcome.ok) raise(executor, item, outcome);
  if (item.leavesState) await executor.session.reset();
  return outcome;
}

interface BatchEnd {
  /** How many were committed. */
  readonly done: number;
  readonly failed: (FlightOutcome & { ok: false }) | undefined;
}

/** Launches flights of a batch so that at most WINDOW are under way; gives their outcomes in turn, each once. */
function launcher(executor: Executor, batch: readonly WorkItem[]) {
  const airborne: Promise<FlightOutcome>[] = [];
  let launched = 0;
  const fill = () => {
    for (; airborne.length < WINDOW && launched < batch.length && !executor.signal.aborted; launched += 1) {
      const item = batch[launched];
      const timeout = item === undefined ? 0 : firstTimeout(item, executor);
      // All but the last leave the disk to it: WAL keeps its order, so its commit makes those before it durable too.
      if (item !== undefined)
        airborne.push(take(executor, item, { lockTimeoutMs: timeout, durable: launched + 1 === batch.length }));
    }
  };
  return {
    next(): Promise<FlightOutcome> | undefined {
      fill();
      return airborne.shift();
    },
    landed: async (): Promise<unknown> => await Promise.all(airborne),
  };
}

const doneOf = ({ name, transaction }: WorkItem, beganMs: number, { statements, tries, locks }: Facts): Done => ({
  ...{ name, durationMs: elapsed() - beganMs, beganMs, transaction },
  statements,
  tries,
  locks,
});

async function runPipelined(executor: Executor, batch: readonly WorkItem[]): Promise<BatchEnd> {
  const flights = launcher(executor, batch);
  for (const [done, item] of batch.entries()) {
    const began = elapsed();
    const outcome = await flights.next();
    if (outcome === undefined) break;
    if (!outcome.ok) {
      await flights.landed();
      await executor.interrupted();
      if (!isConnectionLoss(outcome.error)) await executor.session.query("ROLLBACK");
      return { done, failed: outcome };
    }
    executor.onDone(doneOf(item, began, outcome));
  }
  executor.signal.throwIfAborted();
  return { done: batch.length, failed: undefined };
}

async function timed(executor: Executor, item: WorkItem, work: () => Promise<Facts>): Promise<void> {
  const began = elapsed();
  const facts = await work();
  executor.onDone(doneOf(item, began, facts));
}

async function runBatch(executor: Executor, batch: readonly WorkItem[]): Promise<number> {
  const { done, failed } = await runPipelined(executor, batch);
  const item = batch[done];
  if (failed === undefined || item === undefined) return done;
  if (!isLockTrouble(failed.error)) raise(executor, item, failed);
  await timed(executor, item, () => runAlone(executor, item, true));
  return done + 1;
}

const runSingle = async (executor: Executor, item: WorkItem): Promise<void> =>
  await timed(executor, item, async () => {
    if (item.resume !== undefined) await resumeWithoutTransaction(executor, item, item.resume);
    else if (item.transaction) return await runAlone(executor, item, false);
    else await runWithoutTransaction(executor, item);
    return { statements: item.statements()?.length };
  });

async function runInOrder(executor: Executor, items: readonly WorkItem[]): Promise<void> {
  let index = 0;
  while (index < items.length) {
    executor.signal.throwIfAborted();
    const rest = items.slice(index);
    const stop = rest.findIndex((item) => !isPipelined(item, executor));
    const batch = rest.slice(0, stop < 0 ? rest.length : stop);
    const [alone] = rest;
    if (batch.length > 0) index += await runBatch(executor, batch);
    else if (alone !== undefined) {
      await runSingle(executor, alone);
      index += 1;
    }
  }
}

/** Each leaves some 7 KB of garbage. */
const MIGRATIONS_A_TIDY = 250;

/**
 * Runs the items in order, and speaks of those that take long. Calls `onDone` for each that is committed. Rejects with
 * a catalogued error at the first that fails, with the driver's error when the connection is lost (then nobody knows how
 * far it got: ask the history), or with the signal's reason.
 */
export async function runAll(executor: Executor, items: readonly WorkItem[]): Promise<void> {
  const watchdog = startWatchdog(executor, items);
  const tidy = collectEach(MIGRATIONS_A_TIDY);
  // What was left by reading thousands of files would stay below all that comes.
  collectAfter(items.length);
  const onDone = (done: Done) => {
    watchdog.done();
    executor.onDone(done);
    tidy();
  };
  try {
    await runInOrder({ ...executor, onDone }, items);
  } finally {
    watchdog.stop();
  }
}
