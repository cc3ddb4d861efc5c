import type { Backup } from "../backup/context.ts";
import type { HistoryState } from "../history/state.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import { need } from "./need.ts";
import { planFrom } from "./plan.ts";
import { allowedWayBack, describeReturns } from "./refuse-way-back.ts";
import type { Stage } from "./stage.ts";
import type { Plan, RunState } from "./state.ts";
import { underLock } from "./under-lock.ts";

const isOff = ({
  settings: {
    backup: { strategy, when },
  },
}: Context): boolean => strategy === "none" || when === "never";

const standing = ({ entries }: HistoryState): string => entries.map(({ name, state }) => `${name} ${state}`).join();

/** The plan, made anew where another run was here before the lock was ours. */
async function planHeld(
  context: Context,
  session: Session,
  { before, history }: { before: Plan; history: HistoryState },
) {
  if (standing(before.history) === standing(history)) return before;
  return await planFrom(context, session, { files: before.files, history });
}

/** Shows what goes back, and asks, before anybody waits for a backup of it. */
async function agree({ going }: Context, { back }: Plan): Promise<boolean> {
  if (back.returns.length === 0 || going.consent === undefined) return false;
  await going.consent(describeReturns(back));
  return true;
}

/** Makes the backup that the settings want, of what is about to be lost. */
export async function makeFor(
  context: Context,
  session: Session,
  {
    plans,
    planHash,
    run,
  }: { readonly plans: readonly Plan[]; readonly planHash: string | undefined; readonly run: string | undefined },
): Promise<Backup> {
  const [{ makeBackup }, { touchedTables }] = await Promise.all([
    import("../backup/make.ts"),
    import("./endangered.ts"),
  ]);
  const { strategy } = context.settings.backup;
  if (strategy === "none") throw new TypeError("no backup is wanted");
  const touched: number[][] = [];
  let all = strategy !== "dump-touched";
  for (const plan of all ? [] : plans) {
    const tables = await touchedTables(session, plan);
    if (tables === undefined) all = true;
    else touched.push([...tables]);
  }
  if (all && strategy === "dump-touched")
    context.log.info("  nobody can tell which tables that touches: all of it is kept");
  return await makeBackup(strategy, context, { session, planHash, run, touched: all ? undefined : touched.flat() });
}

/** With the run lock held: nobody else changes the schema between the copy and the first migration. */
async function backUp(context: Context, state: RunState, found: (part: RunState) => void): Promise<Backup | undefined> {
  const before = need(state, "plan");
  const { whyBackup } = await import("./endangered.ts");
  return await underLock(context, state, {
    found,
    work: {
      direction: "up",
      done: [],
      async attempt({ session, history, begin }) {
        const plan = await planHeld(context, session, { before, history });
        if (plan !== before) found({ plan });
        const why = await whyBackup(session, plan, context.settings.backup);
        if (why.length === 0) return undefined;
        for (const line of why) context.log.info(`  ${line}`);
        // A failed backup is a run that the record should have; where there is no record yet, it changes nothing.
        const run = history.exists && !history.outdated ? (await begin({ planHash: plan.hash })).run : undefined;
        return await makeFor(context, session, { plans: [plan], planHash: plan.hash, run });
      },
    },
  });
}

export const backup: Stage = {
  name: "backup",
  changes: "storage",
  async run(context, state, found) {
    if (isOff(context)) return { summary: "" };
    const plan = need(state, "plan");
    // Whether it is let through is told by the next stage.
    const { log } = context;
    const back = allowedWayBack({ ...context, log: { ...log, warn: log.debug } }, plan.back);
    // What must not go back is refused by the next stage.
    if (back.obstacles.length > 0) return { summary: "" };
    const { whyBackup } = await import("./endangered.ts");
    if ((await whyBackup(need(state, "session"), { ...plan, back }, context.settings.backup)).length === 0)
      return { summary: "" };
    if (await agree(context, plan)) found({ agreed: true });
    const made = await backUp(context, { ...state, plan: { ...plan, back } }, found);
    if (made === undefined) return { summary: "" };
    const { describeBackup } = await import("../backup/make.ts");
    return { state: { backup: made }, summary: describeBackup(made) };
  },
};
