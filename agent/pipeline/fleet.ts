import type { Backup } from "../backup/context.ts";
import type { Done } from "../engine/work.ts";
import type { HeadgateError } from "../errors/headgate-error.ts";
import { elapsed } from "../lib/clock.ts";
import { count } from "../lib/count.ts";
import { type Differences, firstOf, ofSchema } from "../postgres/fingerprint-differences.ts";
import type { Session } from "../postgres/session.ts";
import { MOST_CHANGES } from "../report/report.ts";
import { backUp } from "../stages/backup.ts";
import { begin, prepareTables } from "../stages/begin.ts";
import type { Context } from "../stages/context.ts";
import { plan } from "../stages/plan.ts";
import { describeReturns } from "../stages/refuse-way-back.ts";
import { countDown } from "../stages/revert.ts";
import { listSchemas } from "../stages/schemas.ts";
import type { Stage } from "../stages/stage.ts";
import type { Copied, Fleet, RunState } from "../stages/state.ts";
import { type Hold, underLock } from "../stages/under-lock.ts";
import { openWorkSession } from "../stages/wait.ts";
import { type RunResult, runStages } from "./runner.ts";
import { combined, type Member, type Problem, type Survey, survey } from "./survey.ts";

export interface FleetOptions {
  /** What is run in each schema that has something to do, after it was checked and planned. */
  readonly stages: readonly Stage[];
  /** Ends the row of the run in one schema. */
  readonly record: (context: Context, result: RunResult) => Promise<void>;
}

/** What this run has done so far, over all schemas and over lost connections. */
interface Progress {
  readonly done: Set<string>;
  readonly applied: Done[];
  readonly reverted: Done[];
  backup?: Backup | undefined;
  /** Of the schemas that were compared; undefined as long as none was. */
  drift?: Differences | undefined;
  changes?: Differences | undefined;
  copied?: Copied;
}

const returning = ({ work }: Survey): Member[] =>
  work.filter(({ back }) => back !== undefined && back.returns.length > 0);

/**
 * Refuses the whole fleet. A schema that could have gone back has its refused row, too: `revert --refused` then carries
 * out all that was wanted.
 */
async function refuse(
  surveyed: Survey,
  { session, listed, record }: Pick<FleetOptions, "record"> & { readonly session: Session; readonly listed: number },
): Promise<void> {
  const [first, ...more] = surveyed.refused;
  if (first === undefined) return;
  const error = combined([first, ...more], listed, "nothing was changed in any schema");
  if (error.id === "rollback-refused") {
    for (const { context, back } of returning(surveyed)) {
      const { from, to } = back ?? {};
      const begun = await begin(context, session, { planHash: undefined, from, to });
      await record(context, {
        ...{ records: [], startedAt: new Date(), beganMs: elapsed(), durationMs: 0, error },
        state: { session, begun },
      });
    }
  }
  throw error;
}

/** One countdown, and one question, for all of them. */
async function agree(context: Context, surveyed: Survey): Promise<void> {
  const members = returning(surveyed);
  if (members.length === 0) return;
  const lines = members.flatMap(({ schema, back }) =>
    back === undefined ? [] : describeReturns(back).map((line) => `${schema}: ${line}`),
  );
  await context.going.consent?.(lines);
  await countDown(context, `migrations of ${count(members.length, "schema")}`);
}

/** One copy, before the first schema changes, of all that is about to be lost in any of them. */
async function copyFirst(context: Context, { work }: Survey, { session, run }: { session: Session; run: string }) {
  const endangered = work.flatMap(({ schema, endangered: one }) => (one === undefined ? [] : [{ schema, ...one }]));
  const none: Copied = { tables: [], byFleet: true };
  if (endangered.length === 0) return { backup: undefined, copied: none };
  const all = endangered.some(({ touched }) => touched === undefined);
  const tables = all ? undefined : endangered.flatMap(({ touched }) => touched ?? []);
  const backup = await backUp(context, {
    ...{ session, run, planHash: work.find((one) => one.endangered !== undefined)?.planHash },
    why: endangered.flatMap(({ schema, why }) => why.map((line) => `${schema}: ${line}`)),
    touched: tables,
  });
  return { backup, copied: { ...none, tables } };
}

const agreed = (context: Context): Context => ({
  ...context,
  going: { ...context.going, consent: undefined },
  settings: { ...context.settings, rollback: { ...context.settings.rollback, delay: "0s" } },
});

/** A session of its own: what the files of one schema leave behind never meets the next. */
async function runMember(
  member: Member,
  { stages, record, copied }: FleetOptions & { readonly copied: Copied | undefined },
): Promise<RunResult> {
  const context = agreed(member.context);
  const open: Stage = {
    name: "wait",
    changes: "nothing",
    run: async () => ({ state: { session: await openWorkSession(context, true) }, summary: "" }),
  };
  const { invalidBefore = [] } = member;
  const state: RunState = { invalidBefore, ...(copied === undefined ? {} : { copied }) };
  const result = await runStages(context, { stages: [open, plan, ...stages], state });
  await record(context, result);
  await result.state.session?.close();
  return result;
}

const within = (schema: string, list: readonly Done[] = []): Done[] =>
  list.map((one) => ({ ...one, name: `${schema}/${one.name}` }));

/** Differences of all schemas, up to what a report keeps. */
function joined(all: Differences | undefined, schema: string, part: Differences | undefined): Differences | undefined {
  if (part === undefined) return all;
  const { list, more } = firstOf([...(all?.list ?? []), ...ofSchema(schema, part.list)], MOST_CHANGES);
  return { list, more: more + (all?.more ?? 0) + part.more };
}

/** No schema after this one would fare better. */
const endsAll = (context: Context, error: HeadgateError): boolean =>
  context.settings.fleet.onFailure === "stop" || context.signal.aborted || error.exitCode === 2;

async function runAllMembers(
  context: Context,
  surveyed: Survey,
  {
    session,
    tell,
    ...options
  }: FleetOptions & {
    readonly session: Session;
    readonly copied: Copied | undefined;
    readonly tell: (member: Member, result: RunResult) => void;
  },
): Promise<void> {
  for (const member of surveyed.work) {
    context.signal.throwIfAborted();
    // The fleet's own lock lives as long as this session.
    await session.query("SELECT 1");
    const result = await runMember(member, options);
    tell(member, result);
    if (result.error !== undefined && endsAll(context, result.error)) return;
  }
}

function fleetOf(
  schemas: readonly string[],
  surveyed: Survey,
  { done, failed }: { done: Set<string>; failed: readonly Problem[] },
): Fleet {
  const ended = new Set([...done, ...failed.map((one) => one.schema)]);
  return {
    listed: schemas,
    unchanged: surveyed.unchanged.filter((schema) => !ended.has(schema)),
    done: [...done],
    failed: failed.map(({ schema, error }) => ({ schema, error: error.id, exitCode: error.exitCode })),
    notReached: surveyed.work.map((one) => one.schema).filter((schema) => !ended.has(schema)),
  };
}

const standing = ({ work }: Survey, done: ReadonlySet<string>): string =>
  `${count(done.size, "schema")} of the ${work.length} with something to do ${done.size === 1 ? "is" : "are"} done and stay so; the next run goes on with the rest`;

interface Attempt extends FleetOptions {
  readonly progress: Progress;
  readonly found: (part: RunState) => void;
}

async function attempt(context: Context, hold: Hold, { progress, found, ...options }: Attempt): Promise<string> {
  const { session, history } = hold;
  if (context.command === "revert" && !history.exists) return "nothing to take back";
  await prepareTables(context, session, history);
  const { run } = await hold.begin({ planHash: undefined });
  const schemas = await listSchemas(context, session);
  const surveyed = await survey(context, session, { schemas, exists: history.exists });
  await refuse(surveyed, { session, listed: schemas.length, record: options.record });
  await agree(context, surveyed);
  if (progress.backup === undefined) Object.assign(progress, await copyFirst(context, surveyed, { session, run }));
  found({ backup: progress.backup });
  const failed: Problem[] = [];
  const { done, applied, reverted } = progress;
  const say = () => {
    const { drift, changes } = progress;
    found({
      ...{ fleet: fleetOf(schemas, surveyed, { done, failed }), applied, reverted },
      ...(drift && { drift }),
      ...(changes && { changes }),
    });
  };
  say();
  const tell = ({ schema }: Member, { state, error }: RunResult) => {
    if (error === undefined) done.add(schema);
    else failed.push({ schema, error });
    applied.push(...within(schema, state.applied));
    reverted.push(...within(schema, state.reverted));
    progress.drift = joined(progress.drift, schema, state.drift);
    progress.changes = joined(progress.changes, schema, state.changes);
    say();
  };
  await runAllMembers(context, surveyed, { ...options, session, copied: progress.copied, tell });
  const [first, ...more] = failed;
  if (first !== undefined) throw combined([first, ...more], schemas.length, standing(surveyed, done));
  return `${count(schemas.length, "schema")}, ${done.size === 0 ? "nothing to do" : `${done.size} brought to where the files want them`}`;
}

/**
 * Runs the pipeline in each schema of the fleet that has something to do, one after the other, each with its own lock,
 * history and run. Nothing is changed in any before all were looked at. The fleet's lock is held throughout: another run
 * of the fleet neither overtakes this one nor is met half-way.
 */
export const fleet = (options: FleetOptions): Stage => ({
  name: "fleet",
  changes: "database",
  async run(context, state, found) {
    const progress: Progress = { done: new Set(), applied: [], reverted: [] };
    const summary = await underLock(context, state, {
      found,
      work: {
        direction: "up",
        done: [],
        attempt: async (hold) => await attempt(context, hold, { ...options, progress, found }),
      },
    });
    return { summary };
  },
});
