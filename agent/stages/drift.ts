import { HeadgateError } from "../errors/headgate-error.ts";
import { hashing, historyDigest, type Known, type Left, measureOf, recording } from "../history/fingerprints.ts";
import { type HistoryState, readHistory } from "../history/state.ts";
import { count } from "../lib/count.ts";
import { reasonOf } from "../lib/reason.ts";
import { type Along, asFingerprint, type Fingerprint, type Taking } from "../postgres/fingerprint.ts";
import { type Difference, describeDifference, differing, firstOf } from "../postgres/fingerprint-differences.ts";
import type { Session } from "../postgres/session.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import { MOST_CHANGES } from "../report/report.ts";
import { momentText } from "../report/words.ts";
import type { Context } from "./context.ts";
import { differencesFrom, formOf, goThrough, upgradeNote, whyNotRecorded, whyUnknown } from "./drift-compare.ts";
import { isFleet } from "./schemas.ts";
import type { Begun, RunState } from "./state.ts";

/** Differences that a log names one by one. */
const NAMED = 10;

const said = (differences: readonly Difference[]): string[] => {
  const more = differences.length - NAMED;
  return [
    ...differences.slice(0, NAMED).map(describeDifference),
    ...(more > 0 ? [`and ${more} more: headgate verify shows them all`] : []),
  ];
};

interface Now {
  readonly session: Session;
  /** As it was read with the lock held. */
  readonly history: HistoryState;
  readonly begun: Begun;
}

function whenOf(known: Known): string {
  const { run, takenAt } = measureOf(known);
  return `${run === null ? "" : `run ${run}, `}${momentText(takenAt)}`;
}

interface Looking extends Now {
  readonly now: Fingerprint;
  readonly found: (part: RunState) => void;
}

async function judge(context: Context, { session, history, begun, now, found }: Looking): Promise<void> {
  const { known } = begun;
  const { onMigrate } = context.settings.drift;
  const unknown = whyUnknown(known, { form: formOf(context), history });
  if (onMigrate === "ignore" || known === undefined || unknown !== undefined) return;
  const differences = await differencesFrom(context, session, { known, now });
  // A run that is refused tells it, too.
  found({ drift: firstOf(differences, MOST_CHANGES) });
  if (differences.length === 0) return;
  const what = `the schema is not what the last run left (${whenOf(known)}): ${count(differences.length, "difference")}`;
  const note = upgradeNote(known, session);
  const lines = [...said(differences), ...(note === undefined ? [] : [note])];
  if (onMigrate === "refuse") {
    throw new HeadgateError("schema-drifted", { what, details: lines, stands: "nothing was changed by this run" });
  }
  context.log.warn(what);
  for (const line of lines) context.log.warn(`  ${line}`);
  context.log.warn(
    `  this run goes on, and from its end on that counts as known: headgate report ${begun.run} keeps it`,
  );
}

/**
 * Looks at the schema before a run changes it, once a run and with the lock held: what has happened to it since the last run,
 * by other hands, is told or refused, as drift.onMigrate says.
 */
export function lookingBefore(
  context: Context,
  state: RunState,
  found: (part: RunState) => void,
): (now: Now) => Promise<void> {
  let looked = state.before !== undefined || !context.settings.drift.record;
  return async (now) => {
    if (looked) return;
    try {
      const before = await goThrough(context, now.session, {
        taking: asFingerprint,
        along: alongside(context, now.session),
      });
      await judge(context, { ...now, now: before, found });
      found({ before });
    } catch (error) {
      if (context.settings.drift.onMigrate === "refuse" || isConnectionLoss(error)) throw error;
      context.log.warn(`what became of the schema since the last run is not known: ${reasonOf(error)}`);
    }
    looked = true;
  };
}

const isWholeFleet = ({ settings, schema }: Context): boolean => schema === undefined && isFleet(settings);

/** A run that had nothing to do knows its history already; any other reads it anew. */
const knownHistory = (
  { command }: Context,
  { plan, before, applied = [], reverted = [] }: RunState,
): HistoryState | undefined =>
  before === undefined && applied.length + reverted.length === 0 && ["migrate", "revert"].includes(command)
    ? plan?.history
    : undefined;

/**
 * True when what is recorded is of this very state, and was read as this agent reads it. What another target has recorded
 * since stands beside it: who changes nothing must not cover that with a state that nobody has compared.
 */
const isRecorded = (context: Context, known: Known | undefined, history: HistoryState): boolean =>
  whyNotRecorded(known, { form: formOf(context), history }) === undefined;

async function keep(
  context: Context,
  session: Session,
  {
    begun,
    before,
    failed,
  }: { readonly before: Fingerprint | undefined; readonly begun: Begun; readonly failed: boolean },
): Promise<RunState> {
  // What was under way is over, whatever it has left behind in the session.
  const settled = failed ? [session.query("ROLLBACK"), session.query(session.restore)] : [];
  const [history] = await Promise.all([readHistory(session, context.names), ...settled]);
  const recorded = isRecorded(context, begun.known, history);
  if (before === undefined && recorded) return {};
  const along = alongside(context, session, recorded ? undefined : leftBy(begun, history));
  const taking = (): Taking<RunState> => (before === undefined ? passingOver : changesSince(before));
  return await goThrough(context, session, { taking, along });
}

/** For who only wants it recorded. */
const passingOver: Taking<RunState> = { take: () => undefined, done: () => ({}) };

function changesSince(before: Fingerprint): Taking<RunState> {
  const { take, done } = differing(before, MOST_CHANGES);
  return { take, done: () => ({ changes: done() }) };
}

/** What is done along with reading the schema: it is recorded, or nothing. */
const alongside = (context: Context, session: Session, left?: Left): Along =>
  recording(
    context.names,
    { form: formOf(context), whole: context.schema === undefined, server: session.facts.version },
    left,
  );

const leftBy = ({ run }: Begun, { entries }: HistoryState): Left => ({ run, history: historyDigest(entries) });

/** Records the schema as it is, unless what was `shown` is another: false then. */
export async function recordShown(
  context: Context,
  session: Session,
  {
    begun,
    history,
    shown,
  }: { readonly begun: Begun; readonly history: HistoryState; readonly shown: string | undefined },
): Promise<boolean> {
  const along = alongside(context, session, leftBy(begun, history));
  const stands = (hash: string): boolean => hash === shown;
  return stands(await goThrough(context, session, { taking: hashing, along, stands }));
}

function mayKeep(context: Context, { session, begun, kept }: RunState): boolean {
  if (!context.settings.drift.record || session === undefined || begun === undefined || kept === true) return false;
  return !context.signal.aborted && !isWholeFleet(context);
}

/**
 * Records what a run leaves, and gives what it changed; a run that changed nothing records only what no run has. It may fail:
 * that costs a warning, and the next run records. Rejects only when the connection is lost.
 */
export async function keepSchema(context: Context, state: RunState, failed: boolean): Promise<RunState> {
  const { session, begun, before } = state;
  if (!mayKeep(context, state) || session === undefined || begun === undefined) return {};
  if (before === undefined && failed) return {};
  const history = knownHistory(context, state);
  if (history !== undefined && isRecorded(context, begun.known, history)) return {};
  try {
    return await keep(context, session, { before, begun, failed });
  } catch (error) {
    if (isConnectionLoss(error)) throw error;
    await session.query("ROLLBACK").catch(() => undefined);
    context.log.warn(`the schema that this run leaves was not recorded: ${reasonOf(error)}`);
    return {};
  }
}
