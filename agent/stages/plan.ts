import { createHash } from "node:crypto";
import { HeadgateError } from "../errors/headgate-error.ts";
import { compare } from "../history/compare.ts";
import { readHistory } from "../history/state.ts";
import { listMigrations } from "../migrations/listing.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import { inspectFiles } from "./inspect.ts";
import { need } from "./need.ts";
import { refuseBadState, refuseSamePrefix, refuseUnsafe } from "./refusals.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./state.ts";

const hashOf = (pending: readonly MigrationFile[]): string => {
  const hash = createHash("sha256");
  for (const file of pending) hash.update(`${file.name} ${file.checksum}\n`);
  return hash.digest("hex");
};

/** What would be applied, and how files and history stand to each other. Reads only, refuses nothing but bad files. */
export async function makePlan(context: Context, session: Session): Promise<Plan> {
  const { dir, names } = context;
  const [files, history] = await Promise.all([listMigrations(dir), readHistory(session, names)]);
  const comparison = compare(files, history);
  const migrations = await inspectFiles(comparison.pending, {
    all: files,
    dir,
    ownSchema: names.schemaName,
    anew: context.command === "plan",
  });
  return { hash: hashOf(comparison.pending), migrations, comparison, history, files };
}

/** Refuses a plan that must not be carried out. */
export function refuseBadPlan(context: Context, plan: Plan): void {
  const { expected, outOfOrder } = context.settings.plan;
  refuseBadState(plan.comparison, outOfOrder);
  refuseSamePrefix(plan.files, plan.comparison.pending, context.dir);
  refuseUnsafe(plan.migrations);
  if (expected !== "" && expected !== plan.hash && plan.migrations.length > 0) {
    throw new HeadgateError("plan-changed", {
      what: `the plan is ${plan.hash}, and plan.expected says ${expected}`,
      details: plan.comparison.pending.map((file) => `pending: ${file.name}`),
      stands: "nothing was changed",
    });
  }
}

export const plan: Stage = {
  name: "plan",
  changes: "nothing",
  async run(context, state) {
    const made = await makePlan(context, need(state, "session"));
    refuseBadPlan(context, made);
    const count = made.migrations.length;
    return {
      state: { plan: made },
      summary: count === 0 ? "nothing to do" : `${count} pending, plan ${made.hash.slice(0, 12)}`,
    };
  },
};
