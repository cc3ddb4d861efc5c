import { applyAll } from "../engine/apply.ts";
import { stoppable } from "../engine/cancel.ts";
import { acquireRunLock, targetKey } from "../engine/lock.ts";
import type { Applied, Executor, WorkItem } from "../engine/work.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { appliedBy, beginRun } from "../history/record.ts";
import { createMirrorSql, createSchemaSql } from "../history/schema.ts";
import { readHistory, reconcileSql } from "../history/state.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { connect } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import { afterRollback, onOurTables } from "./our-tables.ts";
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

/**
 * What only prepares the run need not wait for the disk: WAL keeps its order, so the first migration's commit makes it
 * durable too, and without one nothing was done that it would record.
 */
const BEGIN_LATER = "BEGIN; SET LOCAL synchronous_commit = off";

async function prepareHistory(context: Context, session: Session, plan: Plan): Promise<void> {
  const { names } = context;
  const parts = [
    ...(plan.history.exists ? [] : [createSchemaSql(names)]),
    ...(plan.history.mirrorExists ? [] : [createMirrorSql(names)]),
    reconcileSql(plan.history, names),
  ].filter((sql) => sql !== "");
  const write = async () => await session.query(`${BEGIN_LATER}; ${parts.join(";\n")}; COMMIT`);
  if (parts.length > 0) await onOurTables(context, async () => await write().catch(afterRollback(session, write)));
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
  const sql = beginRun(names, { command, pod, agentVersion, planHash: plan.hash });
  const [row = {}] = await onOurTables(context, async () => await session.query(`${BEGIN_LATER}; ${sql}; COMMIT`));
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
    resume: plan.comparison.unfinished.find((entry) => entry.name === planned.migration.name),
  }));

function executorOf(
  context: Context,
  session: Session,
  begun: Begun & Pick<Executor, "onApplied" | "interrupted">,
): Executor {
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
    interrupted: begun.interrupted,
  };
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
  /** What an attempt before a lost connection has begun. */
  readonly begun: Begun | undefined;
}

async function migrateOnce(
  context: Context,
  progress: Progress,
  found: (part: RunState, begun: Begun) => void,
): Promise<void> {
  const { session, applied } = progress;
  await acquireRunLock(session, {
    key: targetKey(context.settings),
    budgetMs: Math.min(parseDuration(context.settings.migrate.lockBudget), context.deadline.leftMs()),
    signal: context.signal,
    log: context.log,
  });
  const plan = await planUnderLock(context, session, progress.plan);
  await prepareHistory(context, session, plan);
  const begun = progress.begun ?? (await begin(context, session, plan));
  if (progress.begun !== undefined) await settleApplied(context, progress, begun);
  found({ plan, run: begun.run }, begun);
  const onApplied = (one: Applied) => {
    applied.push(one);
    context.log.info(`  applied ${one.name} (${formatDuration(one.durationMs)})`, { migration: one.name });
  };
  await stoppable(context.signal, session, async ({ interrupted }) => {
    const executor = executorOf(context, session, { ...begun, onApplied, interrupted });
    await applyAll(executor, workOf(plan), predecessor(plan));
  });
}

/** What the lost connection had committed after all: the history knows, now that the lock is held again. */
async function settleApplied(context: Context, { session, applied }: Progress, { run }: Begun): Promise<void> {
  for (const row of await session.query(appliedBy(context.names, run))) {
    const name = String(row.name);
    if (applied.some((one) => one.name === name)) continue;
    applied.push({ name, durationMs: 0 });
    context.log.info(`  applied ${name}: its commit got through before the connection was lost`);
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

async function migrateAll(context: Context, state: RunState, found: (part: RunState) => void): Promise<Applied[]> {
  const plan = need(state, "plan");
  const applied: Applied[] = [];
  found({ applied });
  let session = need(state, "session");
  let begun: Begun | undefined;
  for (let losses = 0; ; losses += 1) {
    try {
      await migrateOnce(context, { session, plan, applied, begun }, (part, now) => {
        begun = now;
        // The plan that the report compares with is the first one.
        found(losses === 0 ? part : {});
      });
      return applied;
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
    const applied = await migrateAll(context, state, found);
    return { summary: applied.length === 0 ? "nothing to apply" : `${applied.length} applied` };
  },
};
