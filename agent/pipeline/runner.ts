import { setImmediate } from "node:timers/promises";
import { HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import { elapsed } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import { reasonOf } from "../lib/reason.ts";
import { isConnectionLoss, isState, SQLSTATE } from "../postgres/sqlstate.ts";
import type { StageRecord } from "../report/report.ts";
import type { Context } from "../stages/context.ts";
import { inSchemaError } from "../stages/in-schema-words.ts";
import type { Stage, StageName } from "../stages/stage.ts";
import type { RunState } from "../stages/state.ts";

export interface RunOptions {
  readonly stages: readonly Stage[];
  /** Stages that are left out, and why. */
  readonly skip?: Readonly<Partial<Record<StageName, string>>>;
  /** What is known already. */
  readonly state?: RunState;
}

export interface RunResult {
  readonly records: readonly StageRecord[];
  readonly state: RunState;
  readonly error: HeadgateError | undefined;
  readonly startedAt: Date;
  /** The same moment as `elapsed` tells it. */
  readonly beganMs: number;
  readonly durationMs: number;
}

function inTerms(error: unknown, context: Context): HeadgateError {
  const known = inCatalogue(error, context);
  return context.schema === undefined ? known : inSchemaError(known, context.schema);
}

/** A foreign error of a stage, in the catalogue's terms. */
function inCatalogue(error: unknown, context: Context): HeadgateError {
  if (context.signal.aborted && context.signal.reason instanceof HeadgateError) return context.signal.reason;
  if (!(error instanceof HeadgateError) && isConnectionLoss(error)) {
    return new HeadgateError("connection-lost", {
      what: reasonOf(error),
      cause: error,
    });
  }
  if (context.schema !== undefined && isState(error, SQLSTATE.invalidSchemaName)) {
    return new HeadgateError("preflight-failed", {
      what: `the schema ${context.schema} is gone: somebody dropped or renamed it during the run`,
      fix: "make it again, or take it out of the fleet, and run again",
      stands: "what was under way in it was rolled back",
      cause: error,
    });
  }
  return toHeadgateError(error);
}

/**
 * Runs stages in order and owns what they share: start, end, skip and time of each. The first failure ends the run; the
 * result has the same shape then. The session, if one was opened, is left open for the report: close it afterwards.
 */
export async function runStages(
  context: Context,
  { stages, skip = {}, state: known = {} }: RunOptions,
): Promise<RunResult> {
  const startedAt = new Date();
  const began = elapsed();
  const records: StageRecord[] = [];
  let state = known;
  let error: HeadgateError | undefined;
  const found = (part: RunState) => {
    state = { ...state, ...part };
  };
  let early: Promise<RunState> | undefined;
  for (const [at, stage] of stages.entries()) {
    const reason = skip[stage.name];
    if (error !== undefined || reason !== undefined) {
      const status = error === undefined ? "skipped" : "not reached";
      records.push({ name: stage.name, status, startedMs: elapsed() - began, durationMs: 0, summary: reason ?? "" });
      continue;
    }
    const startedMs = elapsed() - began;
    const running = runStage(context, stage, { state, found, early });
    const next = stages[at + 1];
    early = next === undefined || skip[next.name] !== undefined ? undefined : begunEarly(context, next, state);
    const record = await running;
    records.push({ ...record.record, startedMs });
    error = record.error;
  }
  try {
    const { keepSchema } = await import("../stages/drift.ts");
    found(await keepSchema(context, state, error !== undefined));
  } catch (caught) {
    error ??= inTerms(caught, context);
  }
  return { records, state, error, startedAt, beganMs: began, durationMs: elapsed() - began };
}

/** Once the stage before it has asked the server for what it wants. What it rejects with is told when its turn has come. */
function begunEarly(context: Context, { early }: Stage, state: RunState): Promise<RunState> | undefined {
  if (early === undefined) return undefined;
  const begun = setImmediate().then(async () => await early(context, state));
  begun.catch(() => undefined);
  return begun;
}

interface Sharing {
  readonly state: RunState;
  readonly found: (part: RunState) => void;
  /** What was begun of this stage. */
  readonly early: Promise<RunState> | undefined;
}

async function runStage(context: Context, stage: Stage, { state, found, early }: Sharing) {
  const began = elapsed();
  const { name } = stage;
  try {
    context.signal.throwIfAborted();
    const begun = (await early) ?? {};
    found(begun);
    const result = await stage.run(context, { ...state, ...begun }, found);
    found(result.state ?? {});
    const durationMs = elapsed() - began;
    const { summary } = result;
    if (summary !== "") {
      context.log.info(`${name.padEnd(9)} ${summary} (${formatDuration(durationMs)})`, { stage: name, durationMs });
    }
    const record: StageRecord = { name, status: summary === "" ? "skipped" : "ok", durationMs, summary };
    return { record, error: undefined };
  } catch (caught) {
    const error = inTerms(caught, context);
    const record: StageRecord = { name, status: "failed", durationMs: elapsed() - began, summary: error.message };
    return { record, error };
  }
}
