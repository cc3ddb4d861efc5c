import { createHash } from "node:crypto";
import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { type Both, type HistoryState, readBoth } from "../history/state.ts";
import type { Chosen } from "../migrations/chosen.ts";
import { listMigrations } from "../migrations/listing.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Session } from "../postgres/session.ts";
import type { RiskTaken } from "../report/report.ts";
import type { Context } from "./context.ts";
import { inspectFiles } from "./inspect.ts";
import { need } from "./need.ts";
import { refuseBadState, refuseSamePrefix, refuseUnsafe, risksTaken } from "./refusals.ts";
import { databaseAhead } from "./refuse-way-back.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./state.ts";
import { whatWasThere } from "./was-there.ts";
import { findWayBack } from "./way-back.ts";
import { weigh } from "./weigh.ts";

const hashOf = (pending: readonly MigrationFile[]): string => {
  const hash = createHash("sha256");
  for (const file of pending) hash.update(`${file.name} ${file.checksum}\n`);
  return hash.digest("hex");
};

function inspectOptions({ dir, names, settings }: Context, all: readonly MigrationFile[]) {
  const { refuse: bar, allow } = settings.plan;
  const [home = "public"] = settings.database.searchPath;
  return { all, dir, ownSchema: names.schemaName, bar, allow, home };
}

/** A plan from what is known of the files and of the history. A run that only goes back looks at no pending file. */
export async function planFrom(context: Context, session: Session, { files, history }: Both): Promise<Plan> {
  const comparison = compare(files, history);
  const wanted = context.command === "revert" ? [] : comparison.pending;
  const options = { ...inspectOptions(context, files), anew: context.command === "plan" };
  const assumed = await inspectFiles(wanted, options);
  const wasThere = await whatWasThere(session, assumed);
  const known = wasThere === undefined ? assumed : await inspectFiles(wanted, { ...options, wasThere });
  const migrations = await weigh(known, session);
  const back = await findWayBack(context, session, { comparison, history, files });
  return { hash: hashOf(comparison.pending), migrations, comparison, history, files, back };
}

/** A way back to a named migration needs no files: an image that has none can go back too. */
export const filesFor = ({ command, going, dir, files }: Context): readonly MigrationFile[] =>
  files ?? listMigrations(dir, { mayBeAbsent: command === "revert" && going.goal.kind !== "files" });

const NO_HISTORY: HistoryState = { exists: false, entries: [], undone: [], mirrorExists: false, outdated: false };

/** The plan for a database that has nothing of it yet, without asking one. */
export async function planOffline(context: Context, chosen?: Chosen): Promise<Plan> {
  const { dir, files } = chosen ?? { dir: context.dir, files: listMigrations(context.dir) };
  const comparison = compare(files, NO_HISTORY);
  const migrations = await inspectFiles(files, { ...inspectOptions(context, files), dir, anew: true });
  const back = { returns: [], left: [], obstacles: [], losses: new Map(), from: undefined, to: undefined };
  return { hash: hashOf(comparison.pending), migrations, comparison, history: NO_HISTORY, files, back };
}

/** What would be taken back and applied, and how files and history stand to each other. Reads only, refuses nothing but bad files. */
export async function makePlan(context: Context, session: Session): Promise<Plan> {
  return await planFrom(context, session, await read(context, session));
}

const read = async (context: Context, session: Session): Promise<Both> =>
  await readBoth(session, context.names, () => filesFor(context));

/** Refuses a plan that must not be carried out. */
export function refuseBadPlan(context: Context, plan: Plan): void {
  const { expected, outOfOrder, refuse } = context.settings.plan;
  const { onAhead } = context.settings.rollback;
  refuseBadState(plan, outOfOrder);
  if (onAhead === "fail" && plan.back.left.length > 0) throw databaseAhead(plan.back.left);
  refuseSamePrefix(plan.files, plan.comparison.pending, context.dir);
  refuseUnsafe(plan.migrations, refuse);
  if (expected !== "" && expected !== plan.hash && plan.migrations.length > 0) {
    throw new HeadgateError("plan-changed", {
      what: `the plan is ${plan.hash}, and plan.expected says ${expected}`,
      details: plan.comparison.pending.map((file) => `pending: ${file.name}`),
      stands: "nothing was changed",
    });
  }
}

const listed = (risks: readonly RiskTaken[]): string =>
  risks.map(({ rule, migration }) => `${rule} in ${migration}`).join(", ");

function summaryOf({ migrations, hash, back }: Plan, accepted: readonly RiskTaken[]): string {
  const parts = [
    ...(back.returns.length === 0 ? [] : [`${back.returns.length} to be taken back`]),
    ...(migrations.length === 0 ? [] : [`${migrations.length} pending, plan ${hash.slice(0, 12)}`]),
    ...(accepted.length === 0 ? [] : [`accepted: ${listed(accepted)}`]),
  ];
  return parts.length === 0 ? "nothing to do" : parts.join(", ");
}

export const plan: Stage = {
  name: "plan",
  changes: "nothing",
  early: async (context, { session }) => (session === undefined ? {} : { both: await read(context, session) }),
  async run(context, state, found) {
    const session = need(state, "session");
    const made = await planFrom(context, session, state.both ?? (await read(context, session)));
    found({ plan: made });
    const { onAhead } = context.settings.rollback;
    if (context.command !== "revert") refuseBadPlan(context, made);
    else if (onAhead === "fail" && made.back.left.length > 0) throw databaseAhead(made.back.left);
    // Only who applies them needs what they want: a baseline does not.
    if (context.command === "migrate" && made.migrations.length > 0) {
      const { refuseMisfits } = await import("./fits-database.ts");
      await refuseMisfits(made.migrations, session);
    }
    const { refuse } = context.settings.plan;
    const risks = risksTaken(made.migrations, refuse);
    const through = risks.filter((risk) => risk.accepted === undefined);
    if (through.length > 0) context.log.warn(`plan.refuse is ${refuse}: ${listed(through)} let through`);
    return {
      summary: summaryOf(
        made,
        risks.filter((risk) => risk.accepted !== undefined),
      ),
    };
  },
};
