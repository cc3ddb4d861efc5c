import type { HeadgateError } from "../errors/headgate-error.ts";
import type { Report } from "../report/report.ts";
import type { Context } from "../stages/context.ts";
import type { RunResult } from "./runner.ts";

const outcomeOf = (error: HeadgateError | undefined): Report["outcome"] => {
  if (error === undefined) return "done";
  return error.id === "stopped" ? "stopped" : "failed";
};

/** The result of a run as every sink gets it. */
export function toReport(context: Context, result: RunResult): Report {
  const { state, error } = result;
  const applied = state.applied ?? [];
  const done = new Set(applied.map((one) => one.name));
  const inMigrate = result.records.some((record) => record.name === "migrate" && record.status === "failed");
  const open = (state.plan?.migrations ?? []).map((one) => one.migration.name).filter((name) => !done.has(name));
  const [stoppedAt, ...later] = inMigrate ? open : [];
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
    stages: result.records.map((record) => ({ ...record, durationMs: Math.round(record.durationMs) })),
    applied: applied.map((one) => ({ name: one.name, durationMs: Math.round(one.durationMs) })),
    stoppedAt,
    notReached: later,
    error:
      error === undefined
        ? undefined
        : { id: error.id, what: error.message, details: error.details, stands: error.stands, fix: error.fix },
    release: context.pod?.release,
  };
}
