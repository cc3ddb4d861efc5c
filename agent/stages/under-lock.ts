import { stoppable } from "../engine/cancel.ts";
import { acquireRunLock, targetKey } from "../engine/lock.ts";
import { runAll } from "../engine/run-all.ts";
import type { Done, Executor, WorkItem } from "../engine/work.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { doneBy } from "../history/record.ts";
import { type HistoryState, readHistory } from "../history/state.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { reasonOf } from "../lib/reason.ts";
import { connect } from "../postgres/client.ts";
import type { Session } from "../postgres/session.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import type { Pod } from "../settings/release.ts";
import { begin, type RunFacts } from "./begin.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import { refuseOvertaken } from "./overtaken.ts";
import type { Begun, RunState } from "./state.ts";
import { openWorkSession } from "./wait.ts";

/** Lost connections that one run takes up again; a server that drops more than this has another problem. */
const RECONNECTS = 5;

/** What one attempt works with; a lost connection gives the next attempt another session. */
export interface Hold {
  readonly session: Session;
  readonly history: HistoryState;
  /** The run's row: this attempt begins it, or an earlier one has. */
  begin(facts: RunFacts): Promise<Begun>;
  /** Runs items and tells of each that is committed. */
  run(begun: Begun, items: readonly WorkItem[]): Promise<void>;
}

/** What the run calls an item that is done (applied, taken back), and those that are. */
interface Doing {
  readonly direction: "up" | "down";
  readonly done: Done[];
}

export interface LockedWork<Result> extends Doing {
  readonly attempt: (hold: Hold) => Promise<Result>;
}

const SAID = { up: "applied", down: "took back" } as const;

function executorOf(
  context: Context,
  session: Session,
  more: Pick<Executor, "onDone" | "interrupted"> & Begun,
): Executor {
  const { settings, names, deadline, signal, log, applicationName } = context;
  const { lockTimeout, lockBudget } = settings.migrate;
  return {
    session,
    plan: { names, lockKey: targetKey(settings), target: settings.history.target, deadline: more.deadline },
    ladder: {
      firstMs: parseDuration(lockTimeout.first),
      largestMs: parseDuration(lockTimeout.largest),
      budgetMs: Math.min(parseDuration(lockBudget), deadline.leftMs()),
    },
    signal,
    log,
    observe: async () =>
      await connect(session.connection, { applicationName: `${applicationName}:watch`, timeoutMs: 3_000 }),
    onDone: more.onDone,
    interrupted: more.interrupted,
  };
}

async function runItems(
  context: Context,
  session: Session,
  { work, begun, items }: { readonly work: Doing; readonly begun: Begun; readonly items: readonly WorkItem[] },
): Promise<void> {
  const said = SAID[work.direction];
  const onDone = (one: Done) => {
    work.done.push(one);
    context.log.info(`  ${said} ${one.name} (${formatDuration(one.durationMs)})`, { migration: one.name });
  };
  await stoppable(context.signal, session, async ({ interrupted }) => {
    await runAll(executorOf(context, session, { ...begun, onDone, interrupted }), items);
  });
}

/**
 * What was really committed before a connection was lost: the history knows, now that the lock is held again. It may be
 * more than was heard of, and after a crash of the server less: commits before the last of a batch do not wait for the
 * disk. Gives the run's row, if that is still there.
 */
async function settleDone(
  context: Context,
  hold: Pick<Hold, "session" | "history">,
  before: { begun: Begun; work: Doing },
) {
  const { begun, work } = before;
  const rows = hold.history.exists ? await hold.session.query(doneBy(context.names, begun.run)) : [];
  const names = new Set(rows.filter((row) => row.direction === work.direction).map((row) => String(row.name)));
  const kept = work.done.filter((one) => names.has(one.name));
  const missed = [...names].filter((name) => !kept.some((one) => one.name === name));
  const lost = work.done.filter((one) => !names.has(one.name));
  for (const { name } of lost)
    context.log.warn(`  ${name}: the server crashed before it was on the disk; it is done again`);
  for (const name of missed) {
    context.log.info(`  ${SAID[work.direction]} ${name}: its commit got through before the connection was lost`);
  }
  work.done.splice(0, work.done.length, ...kept, ...missed.map((name) => ({ name, durationMs: 0 })));
  return rows.some((row) => row.direction === "run") ? begun : undefined;
}

const lostForGood = (error: unknown, context: Context): HeadgateError =>
  new HeadgateError("connection-lost", {
    what: `the connection was lost and could not be taken up again: ${reasonOf(error)}`,
    stands: `what was committed is in ${context.names.history}; the next run goes on from there`,
    cause: error,
  });

async function reconnect(context: Context, lost: unknown): Promise<Session> {
  context.log.warn(`the connection was lost (${reasonOf(lost)}); connecting again`);
  try {
    return await openWorkSession(context, true);
  } catch (error) {
    context.signal.throwIfAborted();
    throw lostForGood(error, context);
  }
}

/** A rollback whose hook failed leaves the release pending. */
const rollBackAgain = ({ release }: Pod): string =>
  `wait until the holder that is named has ended, then: helm rollback ${release.name} ${release.revision} --namespace ${release.namespace}`;

/** Takes the run lock, and reads the history that nobody else can change from now on. */
async function lockAndRead(context: Context, session: Session): Promise<HistoryState> {
  const { command, settings, deadline, signal, log, names, pod } = context;
  await acquireRunLock(session, {
    key: targetKey(settings),
    budgetMs: Math.min(parseDuration(settings.migrate.lockBudget), deadline.leftMs()),
    signal,
    log,
    next: command === "revert" && pod !== undefined ? rollBackAgain(pod) : undefined,
    orphans:
      pod === undefined
        ? undefined
        : { policy: settings.migrate.orphans, pod, names, connectedAt: session.facts.connectedAt },
  });
  const history = await readHistory(session, names);
  await refuseOvertaken(context, session, history);
  return history;
}

/**
 * Runs attempts with the run lock held until one gets through. A lost connection is taken up again: the lock first, then
 * the history says what was committed, then the next attempt goes on from there. Gives what that attempt gave.
 */
export async function underLock<Result>(
  context: Context,
  state: RunState,
  { found, work }: { readonly found: (part: RunState) => void; readonly work: LockedWork<Result> },
): Promise<Result> {
  let session = need(state, "session");
  let { begun } = state;
  let lostPid: number | undefined;
  for (let losses = 0; ; losses += 1) {
    try {
      const history = await lockAndRead(context, session);
      if (losses > 0 && begun !== undefined) begun = await settleDone(context, { session, history }, { begun, work });
      return await work.attempt({
        session,
        history,
        begin: async (facts) => {
          begun ??= await begin(context, session, { ...facts, lostPid });
          found({ begun });
          return begun;
        },
        run: async (now, items) => await runItems(context, session, { work, begun: now, items }),
      });
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isConnectionLoss(error)) throw error;
      if (losses >= RECONNECTS) throw lostForGood(error, context);
      lostPid = session.facts.pid;
      await session.close();
      session = await reconnect(context, error);
      found({ session });
    }
  }
}

/** Runs an attempt that applies nothing itself, with the run lock held. */
export const withRunLock = async <Result>(
  context: Context,
  state: RunState,
  { found, attempt }: { readonly found: (part: RunState) => void; readonly attempt: (hold: Hold) => Promise<Result> },
): Promise<Result> => await underLock(context, state, { found, work: { direction: "up", done: [], attempt } });
