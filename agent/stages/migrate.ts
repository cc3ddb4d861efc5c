import type { Done, WorkItem } from "../engine/work.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import type { Recorder } from "../history/record.ts";
import type { Entry, HistoryState } from "../history/state.ts";
import type { Migration } from "../migrations/types.ts";
import type { Session } from "../postgres/session.ts";
import { copyingBefore } from "./backup.ts";
import { begin, isPrepared, prepareHistory } from "./begin.ts";
import type { Context } from "./context.ts";
import { lookingBefore } from "./drift.ts";
import { need } from "./need.ts";
import { planFrom, refuseBadPlan } from "./plan.ts";
import type { Stage } from "./stage.ts";
import type { Plan, RunState } from "./state.ts";
import { underLock } from "./under-lock.ts";
import { UpItem } from "./up-item.ts";

/** The plan as it stands now that the lock is held: another run may have been here since. */
async function planUnderLock(
  context: Context,
  { session, history, before }: { session: Session; history: HistoryState; before: Plan },
): Promise<Plan> {
  const namesOf = (plan: Pick<Plan, "comparison">) => plan.comparison.pending.map((file) => file.name).join();
  const comparison = compare(before.files, history);
  const same = namesOf({ comparison }) === namesOf(before);
  const plan = same ? { ...before, comparison, history } : await planFrom(context, session, { ...before, history });
  refuseBadPlan(context, plan);
  return plan;
}

/** The last migration that is applied and sorts before the first pending one. */
const predecessor = ({ comparison, migrations, files }: Plan): string | undefined => {
  const applied = new Set(comparison.applied.map((entry) => entry.name));
  const first = migrations[0]?.migration.name;
  const before = files.slice(
    0,
    files.findIndex((file) => file.name === first),
  );
  return before.findLast((file) => applied.has(file.name))?.name;
};

/** How far an earlier run got; a file that runs in a transaction is never half done. */
function unfinishedOf({ comparison }: Plan, migration: Migration): Entry | undefined {
  const { name } = migration;
  const entry = comparison.unfinished.find((one) => one.name === name);
  if (entry === undefined || !migration.transaction) return entry;
  throw new HeadgateError("needs-attention", {
    what: `the history says that ${name} stopped part-way, and its file runs in a transaction, which leaves nothing part-way: somebody changed the row`,
    fix: `look whether it took effect, then record it: headgate repair ${name} --applied --yes, or --pending`,
    stands: "nothing was changed by this run",
  });
}

/** Each requires the one before it, and the first the newest that is applied before it. */
function itemsOf(plan: Plan, recorder: Recorder): WorkItem[] {
  let requires = predecessor(plan);
  return plan.migrations.map((planned) => {
    const item = new UpItem(planned, recorder, { requires, resume: unfinishedOf(plan, planned.migration) });
    requires = item.name;
    return item;
  });
}

async function migrateAll(context: Context, state: RunState, found: (part: RunState) => void): Promise<Done[]> {
  const before = need(state, "plan");
  const done: Done[] = [];
  found({ applied: done });
  const look = lookingBefore(context, state, found);
  const copy = copyingBefore(context, state, found);
  await underLock(context, state, {
    found,
    work: {
      direction: "up",
      done,
      async attempt({ session, history, begin: beginHere, run }) {
        const plan = await planUnderLock(context, { session, history, before });
        await prepareHistory(context, session, plan.history);
        const begun = await beginHere({ planHash: plan.hash });
        // The plan that the report compares with is the first one.
        if (done.length === 0) found({ plan });
        await copy({ session, plan, begun });
        if (plan.migrations.length > 0) await look({ session, history: plan.history, begun });
        await run(begun, itemsOf(plan, { names: context.names, run: begun.run, sign: context.sign }));
      },
    },
  });
  return done;
}

export const migrate: Stage = {
  name: "migrate",
  changes: "database",
  async run(context, state, found) {
    const plan = need(state, "plan");
    if (plan.migrations.length === 0 && isPrepared(plan.history)) {
      const begun = state.begun ?? (await begin(context, need(state, "session"), { planHash: plan.hash }));
      return { state: { begun, applied: [] }, summary: "nothing to do" };
    }
    const applied = await migrateAll(context, state, found);
    return { summary: applied.length === 0 ? "nothing to apply" : `${applied.length} applied` };
  },
};
