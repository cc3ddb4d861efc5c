import { HeadgateError } from "../errors/headgate-error.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Connection } from "../postgres/connection.ts";
import { invalidIndexes } from "../postgres/invalid-indexes.ts";
import type { Context } from "../stages/context.ts";
import { ontoFiles } from "../stages/going.ts";
import { need } from "../stages/need.ts";
import { makePlan } from "../stages/plan.ts";
import { refuseBadState } from "../stages/refusals.ts";
import { databaseAhead } from "../stages/refuse-way-back.ts";
import { revert } from "../stages/revert.ts";
import type { Stage } from "../stages/stage.ts";
import type { Plan } from "../stages/state.ts";
import { openForWork, silent } from "./rehearsal-bench.ts";
import type { Start } from "./rehearsal-start.ts";
import { runStages } from "./runner.ts";

/** How things stand in a database before anything of it is rehearsed. */
export interface Standing {
  readonly start: Start;
  readonly invalidBefore: readonly string[];
  /** server_version. */
  readonly version: string;
}

/** Half of it is there, so that no way back could be held against what was before. */
function refuseUnfinished({ comparison, back }: Plan): void {
  const goesBack = new Set(back.returns.map(({ name }) => name));
  const stuck = comparison.unfinished.filter(({ name }) => !goesBack.has(name)).map(({ name }) => name);
  if (stuck.length === 0) return;
  throw new HeadgateError("needs-attention", {
    what: `${stuck.join(", ")} stopped part-way in the database that is rehearsed on`,
    fix: "finish it there with headgate migrate, or take it back, and rehearse again",
    stands: "nothing was changed",
  });
}

/** What `migrate` refuses; what lint finds is told of each migration by itself. */
const look: Stage = {
  name: "plan",
  changes: "nothing",
  async run(context, state, found) {
    const session = need(state, "session");
    const plan = await makePlan(context, session);
    found({ plan, invalidBefore: await invalidIndexes(session) });
    const { plan: terms, rollback } = context.settings;
    refuseBadState(plan, terms.outOfOrder);
    if (rollback.onAhead === "fail" && plan.back.left.length > 0) throw databaseAhead(plan.back.left);
    refuseUnfinished(plan);
    return { summary: "" };
  },
};

/** What is pending in the database, after what `migrate` takes back first has been taken back. Rejects as `migrate` does. */
export async function findStart(
  context: Context,
  {
    connection,
    files,
    rows,
  }: { readonly connection: Connection; readonly files: readonly MigrationFile[]; readonly rows: boolean },
): Promise<Standing> {
  const { settings, log } = context;
  const inCopy: Context = {
    ...{ ...context, command: "migrate", going: ontoFiles, files, log: silent(log) },
    settings: { ...settings, rollback: { ...settings.rollback, delay: "0s" } },
    source: async () => connection,
  };
  const { state, error } = await runStages(inCopy, { stages: [openForWork, look, revert] });
  await state.session?.close();
  if (error !== undefined) throw error;
  const { comparison } = need(state, "plan");
  const taken = (state.reverted ?? []).map(({ name }) => name);
  if (taken.length > 0) log.info(`taken back in the copy first, as migrate would: ${taken.join(", ")}`);
  return {
    start: { files, pending: comparison.pending, applied: comparison.applied.map(({ name }) => name), rows },
    invalidBefore: state.invalidBefore ?? [],
    version: need(state, "session").facts.versionText,
  };
}
