import type { Done, WorkItem } from "../engine/work.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import type { Down } from "../history/downs.ts";
import { booksOfDown, type Recorder } from "../history/record.ts";
import { elapsed, sleep } from "../lib/clock.ts";
import { count } from "../lib/count.ts";
import { formatDuration, parseDuration } from "../lib/duration.ts";
import { loadParser } from "../migrations/parser.ts";
import { copyingBefore } from "./backup.ts";
import { begin, prepareHistory } from "./begin.ts";
import type { Context } from "./context.ts";
import { lookingBefore } from "./drift.ts";
import type { Goal } from "./going.ts";
import { need } from "./need.ts";
import { makePlan, planFrom } from "./plan.ts";
import { allowedWayBack, describeReturns, refuseWayBack } from "./refuse-way-back.ts";
import type { Stage } from "./stage.ts";
import type { RunState } from "./state.ts";
import { underLock } from "./under-lock.ts";
import type { WayBack } from "./way-back.ts";

/** Seconds left at which the countdown speaks. */
const TICK_MS = 5_000;

/** The last moment to stop it: the newer pods still run, and nothing has changed. */
export async function countDown({ settings, log, signal }: Context, what: string): Promise<void> {
  const end = elapsed() + parseDuration(settings.rollback.delay);
  for (let left = end - elapsed(); left > 0; left = end - elapsed()) {
    log.info(`taking back ${what} in ${formatDuration(left)}`);
    await sleep(Math.min(left, TICK_MS), signal);
  }
}

async function itemOf(down: Down, recorder: Recorder): Promise<WorkItem> {
  const { name, sql, transaction, state, step, paused } = down;
  const text = { sql: sql ?? "", file: `the down SQL of ${name}`, line: 1 };
  const statements = transaction ? undefined : (await loadParser())(text);
  return {
    ...{ name, direction: "down", text: () => text, transaction, lockTimeoutMs: undefined, patient: false },
    // Nobody has looked what it does to the session.
    leavesState: true,
    statements: () => statements,
    // A transaction leaves nothing half done, whatever a row says.
    resume: state === "reverting" && !transaction ? { step, paused } : undefined,
    requires: state === "applied" ? name : undefined,
    books: booksOfDown(recorder, name),
  };
}

async function itemsOf({ returns }: WayBack, recorder: Recorder): Promise<WorkItem[]> {
  const items: WorkItem[] = [];
  for (const down of returns) items.push(await itemOf(down, recorder));
  return items;
}

/** Nobody has seen, or agreed to, more than the plan showed. */
function refuseMore(shown: WayBack, now: WayBack): void {
  const known = new Set(shown.returns.map((down) => down.name));
  const more = now.returns.filter((down) => !known.has(down.name)).map((down) => down.name);
  if (more.length === 0) return;
  throw new HeadgateError("plan-changed", {
    what: `another run has applied ${more.join(", ")} meanwhile`,
    fix: "run again, and look at the new list",
    stands: "nothing was changed by this run",
  });
}

/** The goal as the plan has found it: counted again after a lost connection, two steps would be two more. */
function settled(context: Context, { to }: WayBack): Context {
  if (context.going.goal.kind === "files") return context;
  const goal: Goal = to === undefined ? { kind: "all" } : { kind: "to", name: to };
  return { ...context, going: { ...context.going, goal } };
}

async function takeBack(context: Context, state: RunState, found: (part: RunState) => void): Promise<number> {
  const { files, back } = need(state, "plan");
  const aim = settled(context, back);
  const done: Done[] = [];
  found({ reverted: done });
  const look = lookingBefore(context, state, found);
  const copy = copyingBefore(context, state, found);
  const session = await underLock(context, state, {
    found,
    work: {
      direction: "down",
      done,
      async attempt({ session: held, history, begin: beginHere, run }) {
        await prepareHistory(context, held, history);
        const plan = await planFrom(aim, held, { files, history });
        const begun = await beginHere({ planHash: undefined, from: back.from, to: back.to });
        if (plan.back.obstacles.length > 0) refuseWayBack(context, plan.back);
        refuseMore(back, plan.back);
        await copy({ session: held, plan, begun });
        await look({ session: held, history, begun });
        const recorder = { names: context.names, run: begun.run, sign: undefined };
        await run(begun, await itemsOf(plan.back, recorder));
        return held;
      },
    },
  });
  // For the stages that follow the history is another one now.
  if (context.command !== "revert") found({ plan: await makePlan(context, session) });
  return done.length;
}

/**
 * The row of a run that takes nothing back. `revert --refused` carries out what a refused one wanted, and a Job that comes
 * late sees that another was here.
 */
async function leaveRow(context: Context, state: RunState, found: (part: RunState) => void): Promise<void> {
  const { back, history } = need(state, "plan");
  if (state.begun !== undefined || !history.exists || history.outdated) return;
  const { from, to } = back;
  found({ begun: await begin(context, need(state, "session"), { planHash: undefined, from, to }) });
}

const leftWords = (left: readonly string[]): string =>
  left.length === 0 ? "" : `${left.join(", ")} ${left.length === 1 ? "stays" : "stay"} ahead`;

function nothingToDo(context: Context, { left }: WayBack): { summary: string } {
  if (left.length > 0) return { summary: `the database is ahead of these files: ${leftWords(left)}` };
  return { summary: context.command === "revert" ? "nothing to take back" : "" };
}

/**
 * Helm may have lost patience with a Job that is still at work: what it commits meanwhile has to be seen, so a Job that is
 * to go back decides with the lock held, also that there is nothing to do.
 */
async function seenUnderLock(context: Context, state: RunState, found: (part: RunState) => void): Promise<RunState> {
  if (context.command !== "revert" || context.pod === undefined) return state;
  const { files } = need(state, "plan");
  return await underLock(context, state, {
    found,
    work: {
      direction: "down",
      done: [],
      async attempt({ session, history }) {
        const plan = await planFrom(context, session, { files, history });
        found({ plan });
        return { ...state, session, plan };
      },
    },
  });
}

export const revert: Stage = {
  name: "revert",
  changes: "database",
  async run(context, planned, found) {
    const state = await seenUnderLock(context, planned, found);
    const wanted = need(state, "plan");
    const back = allowedWayBack(context, wanted.back);
    if (back !== wanted.back) {
      found({ plan: { ...wanted, back } });
      return { summary: "refused, and let through" };
    }
    const refused = back.obstacles.length > 0;
    if (refused || (back.returns.length === 0 && context.command === "revert")) await leaveRow(context, state, found);
    if (refused) return refuseWayBack(context, back);
    if (back.returns.length === 0) return nothingToDo(context, back);
    if (context.going.consent === undefined || state.agreed === true)
      for (const line of describeReturns(back)) context.log.info(line);
    else await context.going.consent(describeReturns(back));
    await countDown(context, back.returns.map((down) => down.name).join(", "));
    const done = await takeBack(context, state, found);
    const stays = leftWords(back.left);
    return {
      summary: `${count(done, "migration")} taken back${stays === "" ? "" : `; ${stays}, which older code works with`}`,
    };
  },
};
