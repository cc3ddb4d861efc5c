import { readKnown } from "../history/fingerprints.ts";
import { adoptRun, beginRun } from "../history/record.ts";
import { createMirrorSql, createSchemaSql } from "../history/schema.ts";
import { type HistoryState, reconcileSql } from "../history/state.ts";
import { elapsed } from "../lib/clock.ts";
import { RESERVE_MS } from "../lib/deadline.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import type { Context } from "./context.ts";
import { afterRollback, onOurTables } from "./our-tables.ts";
import type { Begun } from "./state.ts";

/**
 * What only prepares the run need not wait for the disk: WAL keeps its order, so the first migration's commit makes it
 * durable too, and without one nothing was done that it would record.
 */
const BEGIN_LATER = "BEGIN; SET LOCAL synchronous_commit = off";

/** True when the history needs no writing before a run may use it. */
export const isPrepared = (history: HistoryState): boolean =>
  history.exists &&
  history.mirrorExists &&
  !history.outdated &&
  history.undone.length === 0 &&
  !history.entries.some((entry) => entry.imported);

/** Creates and grows Headgate's own tables, and leaves every pgmigrations alone. Call it with the run lock held. */
export async function prepareTables(context: Context, session: Session, history: HistoryState): Promise<void> {
  await prepareHistory(context, session, { ...history, mirrorExists: true, undone: [], entries: [] });
}

/** Creates, grows and reconciles Headgate's own tables. Call it with the run lock held. */
export async function prepareHistory(context: Context, session: Session, history: HistoryState): Promise<void> {
  const { names, log } = context;
  const parts = [
    ...(history.exists && !history.outdated ? [] : [createSchemaSql(names)]),
    ...(history.mirrorExists ? [] : [createMirrorSql(names)]),
    reconcileSql(history, names),
  ].filter((sql) => sql !== "");
  const write = async () => await session.query(`${BEGIN_LATER}; ${parts.join(";\n")}; COMMIT`);
  if (parts.length > 0) await onOurTables(context, async () => await write().catch(afterRollback(session, write)));
  const imported = history.entries.filter((entry) => entry.imported).map((entry) => entry.name);
  if (imported.length > 0) log.info(`applied outside of Headgate, and recorded now: ${imported.join(", ")}`);
  if (history.undone.length > 0) {
    log.info(`undone outside of Headgate, so pending again: ${history.undone.join(", ")}`);
  }
}

export interface RunFacts {
  readonly planHash: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Writes the run's row, or takes up the one that a lost session has written. The tables have to be there. */
export async function begin(
  context: Context,
  session: Session,
  { lostPid, ...facts }: RunFacts & { readonly lostPid?: number | undefined },
): Promise<Begun> {
  const { names, command, pod, actor, agentVersion, deadline } = context;
  const write = async (sql: string) =>
    (await onOurTables(context, async () => await session.query(`${BEGIN_LATER}; ${sql}; COMMIT`)))[0];
  const adopted = lostPid === undefined ? undefined : await write(adoptRun(names, { pid: lostPid, ageMs: elapsed() }));
  const row = adopted ?? (await write(beginRun(names, { command, pod, actor, agentVersion, ...facts }))) ?? {};
  if (pod !== undefined && typeof row.job_age === "number") {
    // The deadline counts over all tries of the Job, and this may not be the first.
    deadline.shortenTo(pod.release.deadlineSeconds * 1_000 - RESERVE_MS - row.job_age * 1_000);
  }
  const left = deadline.leftMs();
  const moment = Number.isFinite(left)
    ? `${quoteLiteral(String(row.now))}::timestamptz + interval '${Math.round(left)} milliseconds'`
    : "'infinity'::timestamptz";
  return { run: String(row.id), deadline: moment, known: readKnown(row) };
}
