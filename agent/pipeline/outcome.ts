import type { Done } from "../engine/work.ts";
import type { HeadgateError } from "../errors/headgate-error.ts";
import { cutSaying } from "../lib/cut.ts";
import type { MigrationRecord, Report, SchemaChange } from "../report/report.ts";
import type { Context } from "../stages/context.ts";
import { risksTaken } from "../stages/refusals.ts";
import type { RunResult } from "./runner.ts";

const outcomeOf = (error: HeadgateError | undefined): Report["outcome"] => {
  if (error === undefined) return "done";
  return error.id === "stopped" ? "stopped" : "failed";
};

const without = (names: readonly string[], done: readonly { readonly name: string }[]): string[] =>
  names.filter((name) => !done.some((one) => one.name === name));

/** What the stage that failed had still before it, in order; nothing when it was none that changes the schema. */
function openAtFailure({ records, state }: RunResult): string[] {
  const failed = records.find((record) => record.status === "failed")?.name;
  const { plan, applied = [], reverted } = state;
  if (failed === "migrate")
    return without(
      (plan?.migrations ?? []).map((one) => one.migration.name),
      applied,
    );
  if (failed !== "revert" || reverted === undefined) return [];
  return without(
    (plan?.back.returns ?? []).map((down) => down.name),
    reverted,
  );
}

/** In the order in which they were applied. */
function stillAhead({ going }: Context, { plan, reverted = [] }: RunResult["state"]): string[] {
  if (plan === undefined || going.goal.kind !== "files") return [];
  const returns = plan.back.returns.map((down) => down.name).toReversed();
  return [...plan.back.left, ...without(returns, reverted)];
}

const asReported = (list: readonly Done[], runBeganMs: number): MigrationRecord[] =>
  list.map(({ beganMs, durationMs, tries = 1, locks = [], ...done }) => ({
    ...done,
    durationMs: Math.round(durationMs),
    ...(beganMs === undefined ? {} : { startedMs: Math.round(beganMs - runBeganMs) }),
    ...(tries > 1 ? { tries } : {}),
    ...(locks.length > 0 ? { locks } : {}),
  }));

const LONGEST = 10_000;

const cut = (text: string | undefined): string | undefined => text && cutSaying(text, LONGEST);

const asChanges = (found: RunResult["state"]["changes"]): readonly SchemaChange[] | undefined =>
  found?.list.map(({ object, kind, before, after }) => ({ object, kind, before: cut(before), after: cut(after) }));

/** What was too much already while it was found. */
function leftOutOf({ drift, changes }: RunResult["state"]): Report["leftOut"] {
  const left = { drift: drift?.more ?? 0, schema: changes?.more ?? 0 };
  const some = Object.entries(left).filter(([, more]) => more > 0);
  return some.length === 0 ? undefined : Object.fromEntries(some);
}

/** The result of a run as every sink gets it. */
export function toReport(context: Context, result: RunResult): Report {
  const { state, error } = result;
  const applied = state.applied ?? [];
  const reverted = state.reverted ?? [];
  const [stoppedAt, ...later] = openAtFailure(result);
  return {
    format: 1,
    command: context.command,
    outcome: outcomeOf(error),
    exitCode: error?.exitCode ?? 0,
    agentVersion: context.agentVersion,
    startedAt: result.startedAt.toISOString(),
    durationMs: Math.round(result.durationMs),
    database: state.session?.facts.database,
    planHash: state.plan?.hash,
    backup: state.backup,
    stages: result.records.map(({ startedMs = 0, durationMs, ...record }) => ({
      ...record,
      startedMs: Math.round(startedMs),
      durationMs: Math.round(durationMs),
    })),
    risks: risksTaken(state.plan?.migrations ?? [], context.settings.plan.refuse),
    expectations: state.expectations?.map((one) => ({ ...one, durationMs: Math.round(one.durationMs * 10) / 10 })),
    drift: asChanges(state.drift),
    schema: asChanges(state.changes),
    leftOut: leftOutOf(state),
    applied: asReported(applied, result.beganMs),
    reverted: asReported(reverted, result.beganMs),
    ahead: stillAhead(context, state),
    stoppedAt,
    notReached: state.fleet?.notReached ?? later,
    fleet: state.fleet && {
      ...state.fleet,
      listed: state.fleet.listed.length,
      unchanged: state.fleet.unchanged.length,
    },
    error:
      error === undefined
        ? undefined
        : { id: error.id, what: error.message, details: error.details, stands: error.stands, fix: error.fix },
    release: context.pod?.release,
  };
}
