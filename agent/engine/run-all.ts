import { elapsed } from "../lib/clock.ts";
import type { Client } from "../postgres/client.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import { migrationFailure } from "./failure.ts";
import { type Flight, type FlightOutcome, launch, launchDynamic } from "./flight.ts";
import { climb, isLockTrouble, rung } from "./ladder.ts";
import { applyWithoutTransaction, resumeWithoutTransaction } from "./non-transactional.ts";
import type { Executor, WorkItem } from "./work.ts";

/** Flights under way at once: enough to hide the network, few enough that memory does not grow with their number. */
const WINDOW = 16;

const isDynamic = (item: WorkItem): boolean => item.migration.up === undefined;

/** May be sent before the one ahead of it has answered. Behind a pooler nothing may. */
const isPipelined = (item: WorkItem, executor: Executor): boolean =>
  executor.session.facts.direct &&
  item.resume === undefined &&
  item.migration.transaction &&
  !item.leavesState &&
  !isDynamic(item);

const firstTimeout = ({ migration }: WorkItem, { ladder }: Executor): number =>
  migration.lockTimeoutMs ?? rung(ladder, 0);

const flightOf = (item: WorkItem, previous: string | undefined, lockTimeoutMs: number): Flight => ({
  migration: item.migration,
  previous,
  lockTimeoutMs,
});

/** Loaded late: few sets have JavaScript that reads the database, and its loader is big. */
async function buildLate(item: WorkItem, live: Client): Promise<string> {
  const { buildDynamic } = await import("../migrations/script.ts");
  return await buildDynamic(item.migration, live);
}

async function fly(executor: Executor, item: WorkItem, flight: Flight): Promise<FlightOutcome> {
  const { session, plan } = executor;
  const outcome = isDynamic(item)
    ? await launchDynamic(session, plan, { ...flight, build: (live) => buildLate(item, live) })
    : await launch(session, plan, flight);
  // The server leaves a failed transaction open until it is told.
  if (outcome.ok) return outcome;
  await executor.interrupted();
  if (!isConnectionLoss(outcome.error)) await session.query("ROLLBACK");
  return outcome;
}

function raise(executor: Executor, item: WorkItem, outcome: FlightOutcome & { ok: false }): never {
  executor.signal.throwIfAborted();
  if (isConnectionLoss(outcome.error)) throw outcome.error;
  throw migrationFailure({ ...item, step: outcome.step, error: outcome.error });
}

/** Applies one that stands alone, with all tries for its locks. `tried`: the first try was already made and failed. */
async function applyAlone(
  executor: Executor,
  item: WorkItem,
  state: { readonly previous: string | undefined; readonly tried: boolean },
): Promise<void> {
  const attempt = (lockTimeoutMs: number) => fly(executor, item, flightOf(item, state.previous, lockTimeoutMs));
  const first = state.tried ? undefined : await attempt(firstTimeout(item, executor));
  const again = first === undefined || (!first.ok && isLockTrouble(first.error));
  const outcome = again ? await climb(executor, item.migration.name, attempt) : first;
  if (!outcome.ok) raise(executor, item, outcome);
  if (item.leavesState) await executor.session.reset();
}

interface BatchEnd {
  /** How many were applied. */
  readonly done: number;
  readonly failed: (FlightOutcome & { ok: false }) | undefined;
}

/** Launches flights of a batch so that at most WINDOW are under way; gives the outcome of each in turn. */
function launcher(executor: Executor, batch: readonly WorkItem[], previous: string | undefined) {
  const { session, plan, signal } = executor;
  const outcomes: Promise<FlightOutcome>[] = [];
  const fill = (upTo: number) => {
    for (let at = outcomes.length; at < Math.min(batch.length, upTo) && !signal.aborted; at += 1) {
      const item = batch[at];
      if (item === undefined) return;
      const before = at === 0 ? previous : batch[at - 1]?.migration.name;
      outcomes.push(launch(session, plan, flightOf(item, before, firstTimeout(item, executor))));
    }
  };
  return {
    outcome(index: number): Promise<FlightOutcome> | undefined {
      fill(index + WINDOW);
      const outcome = outcomes[index];
      return outcome;
    },
    landed: async (): Promise<unknown> => await Promise.all(outcomes),
  };
}

async function applyPipelined(
  executor: Executor,
  batch: readonly WorkItem[],
  previous: string | undefined,
): Promise<BatchEnd> {
  const flights = launcher(executor, batch, previous);
  for (const [done, item] of batch.entries()) {
    const began = elapsed();
    const outcome = await flights.outcome(done);
    if (outcome === undefined) break;
    if (!outcome.ok) {
      await flights.landed();
      await executor.interrupted();
      if (!isConnectionLoss(outcome.error)) await executor.session.query("ROLLBACK");
      return { done, failed: outcome };
    }
    executor.onApplied({ name: item.migration.name, durationMs: elapsed() - began });
  }
  executor.signal.throwIfAborted();
  return { done: batch.length, failed: undefined };
}

async function applyBatch(
  executor: Executor,
  batch: readonly WorkItem[],
  previous: string | undefined,
): Promise<number> {
  const { done, failed } = await applyPipelined(executor, batch, previous);
  const item = batch[done];
  if (failed === undefined || item === undefined) return done;
  if (!isLockTrouble(failed.error)) raise(executor, item, failed);
  const began = elapsed();
  const before = done === 0 ? previous : batch[done - 1]?.migration.name;
  await applyAlone(executor, item, { previous: before, tried: true });
  executor.onApplied({ name: item.migration.name, durationMs: elapsed() - began });
  return done + 1;
}

async function applySingle(executor: Executor, item: WorkItem, previous: string | undefined): Promise<void> {
  const began = elapsed();
  if (item.resume !== undefined) await resumeWithoutTransaction(executor, item, item.resume);
  else if (item.migration.transaction) await applyAlone(executor, item, { previous, tried: false });
  else await applyWithoutTransaction(executor, item);
  executor.onApplied({ name: item.migration.name, durationMs: elapsed() - began });
}

/**
 * Applies the items in order, the first of them after `previous`. Calls `onApplied` for each that is committed. Rejects
 * with a catalogued error at the first that fails, with the driver's error when the connection is lost (then nobody
 * knows how far it got: ask the history), or with the signal's reason.
 */
export async function applyAll(
  executor: Executor,
  items: readonly WorkItem[],
  previous: string | undefined,
): Promise<void> {
  let index = 0;
  let before = previous;
  while (index < items.length) {
    executor.signal.throwIfAborted();
    const rest = items.slice(index);
    const stop = rest.findIndex((item) => !isPipelined(item, executor));
    const batch = rest.slice(0, stop < 0 ? rest.length : stop);
    const [alone] = rest;
    if (batch.length > 0) index += await applyBatch(executor, batch, before);
    else if (alone !== undefined) {
      await applySingle(executor, alone, before);
      index += 1;
    }
    before = items[index - 1]?.migration.name;
  }
}
