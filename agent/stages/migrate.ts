import { applyAll } from "../engine/apply.ts";
import { cancelBackend } from "../engine/cancel.ts";
import { acquireRunLock, targetKey } from "../engine/lock.ts";
import type { Applied, Executor, WorkItem } from "../engine/work.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { beginRun } from "../history/record.ts";
import { createMirrorSql, createSchemaSql } from "../history/schema.ts";
import { readHistory, reconcileSql } from "../history/state.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { connect } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import { makePlan, refuseBadPlan } from "./plan.ts";
import type { Stage } from "./stage.ts";
import type { Plan, RunState } from "./state.ts";
import { openWorkSession } from "./wait.ts";

/** Lost connections that one run takes up again; a server that drops more than this has another problem. */
const RECONNECTS = 5;

/** Kept back from the Job's deadline: to schedule the pod, to cancel, to roll back, to report. The chart checks its numbers against it. */
export const RESERVE_MS = 30_000;

const isIdle = ({ history, migrations }: Plan): boolean =>
  migrations.length === 0 &&
  history.exists &&
  history.mirrorExists &&
  history.undone.length === 0 &&
  !history.entries.some((entry) => entry.imported);

/** The plan as it stands now that the lock is held: another run may have been here since. */
async function planUnderLock(context: Context, session: Session, before: Plan): Promise<Plan> {
  const history = await readHistory(session, context.names);
  const comparison = compare(before.files, history);
  const same =
    comparison.pending.map((file) => file.name).join() === before.comparison.pending.map((file) => file.name).join();
  const plan = same ? { ...before, comparison, history } : await makePlan(context, session);
  refuseBadPlan(context, plan);
  return plan;
}

async function prepareHistory(context: Context, session: Session, plan: Plan): Promise<void> {
  const { names } = context;
  const parts = [
    ...(plan.history.exists ? [] : [createSchemaSql(names)]),
    ...(plan.history.mirrorExists ? [] : [createMirrorSql(names)]),
    reconcileSql(plan.history, names),
  ].filter((sql) => sql !== "");
  if (parts.length > 0) await session.query(`BEGIN; ${parts.join(";\n")}; COMMIT`);
  if (plan.history.undone.length > 0) {
    context.log.info(`undone outside of Headgate, so pending again: ${plan.history.undone.join(", ")}`);
  }
}

interface Begun {
  readonly run: string;
  /** SQL expression of the moment after which no migration begins. */
  readonly deadline: string;
}

async function begin(context: Context, session: Session, plan: Plan): Promise<Begun> {
  const { names, command, pod, agentVersion, deadline } = context;
  const [row = {}] = await session.query(beginRun(names, { command, pod, agentVersion, planHash: plan.hash }));
  if (pod !== undefined && typeof row.job_age === "number") {
    // The deadline counts over all tries of the Job, and this may not be the first.
    deadline.shortenTo(pod.release.deadlineSeconds * 1_000 - RESERVE_MS - row.job_age * 1_000);
  }
  const left = deadline.leftMs();
  const moment = Number.isFinite(left)
    ? `${quoteLiteral(String(row.now))}::timestamptz + interval '${Math.round(left)} milliseconds'`
    : "'infinity'::timestamptz";
  return { run: String(row.id), deadline: moment };
}

const workOf = (plan: Plan): WorkItem[] =>
  plan.migrations.map((planned) => ({
    ...planned,
    resumeAt: plan.comparison.unfinished.find((entry) => entry.name === planned.migration.name)?.step,
  }));

function executorOf(context: Context, session: Session, begun: Begun & Pick<Executor, "onApplied">): Executor {
  const { settings, names } = context;
  const { lockTimeout, lockBudget } = settings.migrate;
  return {
    session,
    plan: {
      names,
      lockKey: targetKey(settings),
      target: settings.history.target,
      deadline: begun.deadline,
      run: begun.run,
    },
    ladder: {
      firstMs: parseDuration(lockTimeout.first),
      largestMs: parseDuration(lockTimeout.largest),
      budgetMs: Math.min(parseDuration(lockBudget), context.deadline.leftMs()),
    },
    signal: context.signal,
    log: context.log,
    observe: async () =>
      await connect(session.connection, { applicationName: `${context.applicationName}:watch`, timeoutMs: 3_000 }),
    onApplied: begun.onApplied,
  };
}

/** Runs `work` and, when the run is told to stop, cancels what its connection has in flight. */
async function stoppable<T>(context: Context, session: Session, work: () => Promise<T>): Promise<T> {
  let settled = false;
  const cancel = () => {
    const target = { connection: session.connection, pid: session.facts.pid };
    void cancelBackend(target, () => settled, session.close);
  };
  context.signal.addEventListener("abort", cancel, { once: true });
  try {
    return await work();
  } finally {
    settled = true;
    context.signal.removeEventListener("abort", cancel);
  }
}

/** The last migration that is applied and sorts before the first pending one, which the first flight checks for. */
const predecessor = (plan: Plan): string | undefined => {
  const applied = new Set(plan.comparison.applied.map((entry) => entry.name));
  const first = plan.migrations[0]?.migration.name;
  const before = plan.files.slice(
    0,
    plan.files.findIndex((file) => file.name === first),
  );
  return before.findLast((file) => applied.has(file.name))?.name;
};

interface Progress {
  readonly session: Session;
  readonly plan: Plan;
  readonly applied: Applied[];
}

async function migrateOnce(context: Context, progress: Progress, found: (part: RunState) => void): Promise<Plan> {
  const { session, applied } = progress;
  await acquireRunLock(session, {
    key: targetKey(context.settings),
    budgetMs: Math.min(parseDuration(context.settings.migrate.lockBudget), context.deadline.leftMs()),
    signal: context.signal,
    log: context.log,
  });
  const plan = await planUnderLock(context, session, progress.plan);
  await prepareHistory(context, session, plan);
  const begun = await begin(context, session, plan);
  found({ plan, run: begun.run });
  const onApplied = (one: Applied) => {
    applied.push(one);
    context.log.info(`  applied ${one.name} (${formatDuration(one.durationMs)})`, { migration: one.name });
  };
  const executor = executorOf(context, session, { ...begun, onApplied });
  await stoppable(context, session, async () => await applyAll(executor, workOf(plan), predecessor(plan)));
  return plan;
}

/** What the lost connection had committed after all: the history knows, and only once the lock is held again. */
function settleApplied(first: Plan, now: Plan, applied: Applied[]): void {
  const open = new Set(now.comparison.pending.map((file) => file.name));
  for (const { migration } of first.migrations) {
    if (open.has(migration.name) || applied.some((one) => one.name === migration.name)) continue;
    applied.push({ name: migration.name, durationMs: 0 });
  }
}

const lostForGood = (error: unknown, context: Context): HeadgateError =>
  new HeadgateError("connection-lost", {
    what: `the connection was lost and could not be taken up again: ${error instanceof Error ? error.message : String(error)}`,
    stands: `what was committed is in ${context.names.history}; the next run goes on from there`,
    cause: error,
  });

async function reconnect(context: Context, lost: unknown): Promise<Session> {
  context.log.warn(`the connection was lost (${lost instanceof Error ? lost.message : lost}); connecting again`);
  try {
    return await openWorkSession(context, true);
  } catch (error) {
    context.signal.throwIfAborted();
    throw lostForGood(error, context);
  }
}

async function migrateAll(context: Context, state: RunState, found: (part: RunState) => void): Promise<Progress> {
  const first = need(state, "plan");
  const applied: Applied[] = [];
  found({ applied });
  let session = need(state, "session");
  for (let losses = 0; ; losses += 1) {
    try {
      const plan = await migrateOnce(context, { session, plan: first, applied }, found);
      settleApplied(first, plan, applied);
      return { session, plan, applied };
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isConnectionLoss(error)) throw error;
      if (losses >= RECONNECTS) throw lostForGood(error, context);
      await session.close();
      session = await reconnect(context, error);
      found({ session });
    }
  }
}

export const migrate: Stage = {
  name: "migrate",
  changes: "database",
  async run(context, state, found) {
    const plan = need(state, "plan");
    if (isIdle(plan)) {
      const { run } = await begin(context, need(state, "session"), plan);
      return { state: { run, applied: [] }, summary: "nothing to do" };
    }
    const { applied } = await migrateAll(context, state, found);
    return { summary: applied.length === 0 ? "nothing to apply" : `${applied.length} applied` };
  },
};
