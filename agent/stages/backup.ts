import type { Backup } from "../backup/context.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import type { HistoryState } from "../history/state.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import type { Endangered } from "./endangered.ts";
import { need } from "./need.ts";
import { planFrom } from "./plan.ts";
import { allowedWayBack, describeReturns } from "./refuse-way-back.ts";
import type { Stage } from "./stage.ts";
import type { Begun, Copied, Plan, RunState } from "./state.ts";
import { withRunLock } from "./under-lock.ts";

/** What a backup would be taken of; undefined where the settings want none. Loaded late: most runs lose nothing. */
export async function findEndangered(
  { settings }: Context,
  session: Session,
  plan: Pick<Plan, "migrations" | "back">,
): Promise<Endangered | undefined> {
  const { strategy, when } = settings.backup;
  if (strategy === "none" || when === "never") return undefined;
  const judge = await import("./endangered.ts");
  return await judge.findEndangered(session, plan, settings.backup);
}

interface Wanted extends Endangered {
  readonly session: Session;
  readonly planHash: string | undefined;
  readonly run: string | undefined;
}

/** Makes the backup that the settings want, of what is about to be lost. */
export async function backUp(context: Context, { why, ...subject }: Wanted): Promise<Backup> {
  const { strategy } = context.settings.backup;
  if (strategy === "none") throw new TypeError("no backup is wanted");
  for (const line of why) context.log.info(`  ${line}`);
  if (strategy === "dump-touched" && subject.touched === undefined)
    context.log.info("  nobody can tell which tables that touches: all of it is kept");
  const { makeBackup } = await import("../backup/make.ts");
  return await makeBackup(strategy, context, subject);
}

const standing = ({ entries }: HistoryState): string => entries.map(({ name, state }) => `${name} ${state}`).join();

/** The plan, made anew where another run was here before the lock was ours. */
async function planHeld(
  context: Context,
  session: Session,
  { before, history }: { readonly before: Plan; readonly history: HistoryState },
): Promise<Plan> {
  if (standing(before.history) === standing(history)) return before;
  return await planFrom(context, session, { files: before.files, history });
}

/** With the run lock held: nobody else changes the schema between the copy and the first migration. */
async function underRunLock(
  context: Context,
  state: RunState,
  found: (part: RunState) => void,
): Promise<{ readonly backup: Backup; readonly copied: Copied } | undefined> {
  const before = need(state, "plan");
  return await withRunLock(context, state, {
    found,
    async attempt({ session, history, begin }) {
      const plan = await planHeld(context, session, { before, history });
      if (plan !== before) found({ plan });
      const endangered = await findEndangered(context, session, plan);
      if (endangered === undefined) return undefined;
      // A failed backup is a run that the record should have; where there is no record yet, it changes nothing.
      const run = history.exists && !history.outdated ? (await begin({ planHash: plan.hash })).run : undefined;
      const made = await backUp(context, { ...endangered, session, planHash: plan.hash, run });
      return { backup: made, copied: { tables: endangered.touched } };
    },
  });
}

const covers = (copied: Copied | undefined, { touched }: Endangered): boolean => {
  if (copied === undefined) return false;
  const { tables } = copied;
  return tables === undefined || (touched?.every((oid) => tables.includes(oid)) ?? false);
};

interface AboutToRun {
  readonly session: Session;
  readonly plan: Plan;
  readonly begun: Begun;
}

/**
 * Makes the copy that is missing, now that the lock is held: while the run waited for it, rows may have come, or the plan
 * may have become another one. Rejects with `plan-changed` in a schema of a fleet, which has made its copy already.
 */
export function copyingBefore(context: Context, state: RunState, found: (part: RunState) => void) {
  let { copied } = state;
  return async ({ session, plan, begun }: AboutToRun): Promise<void> => {
    if (copied !== undefined && copied.tables === undefined) return;
    const endangered = await findEndangered(context, session, plan);
    if (endangered === undefined || covers(copied, endangered)) return;
    if (copied?.byFleet === true)
      throw new HeadgateError("plan-changed", {
        what: "what is to be done loses data by now that no backup was made of",
        details: endangered.why,
        fix: "run again: the backup is made first",
        stands: "nothing was changed in this schema",
      });
    const made = await backUp(context, { ...endangered, session, planHash: plan.hash, run: begun.run });
    copied = { tables: endangered.touched };
    found({ backup: made, copied });
    const { describeBackup } = await import("../backup/make.ts");
    context.log.info(`  backup ${describeBackup(made)}`);
  };
}

/** Shows what goes back, and asks, before anybody waits for a backup of it. */
async function agree({ going }: Context, { back }: Plan): Promise<boolean> {
  if (back.returns.length === 0 || going.consent === undefined) return false;
  await going.consent(describeReturns(back));
  return true;
}

export const backup: Stage = {
  name: "backup",
  changes: "storage",
  async run(context, state, found) {
    const wanted = need(state, "plan");
    // Whether it is let through is told by the next stage.
    const { log } = context;
    const back = allowedWayBack({ ...context, log: { ...log, warn: log.debug } }, wanted.back);
    const plan = { ...wanted, back };
    // What must not go back is refused by the next stage.
    if (back.obstacles.length > 0) return { summary: "" };
    if ((await findEndangered(context, need(state, "session"), plan)) === undefined) return { summary: "" };
    if (await agree(context, plan)) found({ agreed: true });
    const made = await underRunLock(context, { ...state, plan }, found);
    if (made === undefined) return { summary: "" };
    const { describeBackup } = await import("../backup/make.ts");
    return { state: made, summary: describeBackup(made.backup) };
  },
};
