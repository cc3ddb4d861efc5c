import { HeadgateError } from "../errors/headgate-error.ts";
import { recordNeedsAttention, recordPaused, recordStep } from "../history/record.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Statement } from "../migrations/parser.ts";
import { isPatient, runsBare } from "../migrations/statements.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import { clearBefore, clearDebris, settleByCatalog } from "./catalog.ts";
import { migrationFailure, sqlDetails } from "./failure.ts";
import { type FlightOutcome, type FlightPlan, guardSql } from "./flight.ts";
import { climb, isLockTrouble, rung } from "./ladder.ts";
import { wayOut } from "./way-out.ts";
import type { Executor, WorkItem } from "./work.ts";

/** One statement of a file that runs without a transaction of its own. */
interface Step {
  readonly item: WorkItem;
  /** From 0. */
  readonly index: number;
  readonly statement: Statement;
}

/** Written as the run's own role, whatever role the file has taken, which it keeps. `index`: from 0. */
export const countStep = (
  { plan, role }: { readonly plan: FlightPlan; readonly role: string },
  { name, index }: { readonly name: string; readonly index: number },
): string =>
  `SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE ${quoteIdentifier(role)};
${recordStep(plan.names, name, index + 1)}; COMMIT`;

const counted = ({ session, plan }: Executor, { item, index }: Step): string =>
  countStep({ plan, role: session.facts.role }, { name: item.name, index });

/** What goes before a statement that runs by itself. Nothing would hold it back when the guard raises, so it is awaited. */
export const bareLead = (plan: FlightPlan, lockTimeoutMs: number): string =>
  `${guardSql(plan, undefined)}; SET lock_timeout = ${Math.round(lockTimeoutMs)}`;

/** What goes before a statement that commits with its count. */
export const countedLead = (plan: FlightPlan, lockTimeoutMs: number): string =>
  `BEGIN; SET LOCAL lock_timeout = ${Math.round(lockTimeoutMs)}; ${guardSql(plan, undefined)}`;

/** What PostgreSQL takes in no transaction, or what may end one: by itself, and counted afterwards. */
async function runBare(executor: Executor, step: Step, lockTimeoutMs: number): Promise<void> {
  const { session, plan } = executor;
  await clearBefore(session, step.statement);
  await session.query(bareLead(plan, lockTimeoutMs));
  // A message of its own: in one with others it would be inside an implicit transaction.
  await session.run(step.statement.sql);
  await session.query(`BEGIN; ${counted(executor, step)}`);
}

/** Everything else commits together with its count, so that no kill leaves a doubt. */
async function runCounted(executor: Executor, step: Step, lockTimeoutMs: number): Promise<void> {
  const { session, plan } = executor;
  await Promise.all([
    session.query(countedLead(plan, lockTimeoutMs)),
    session.run(step.statement.sql),
    session.query(counted(executor, step)),
  ]);
}

async function tryStep(executor: Executor, step: Step, lockTimeoutMs: number): Promise<FlightOutcome> {
  try {
    const run = runsBare(step.statement) ? runBare : runCounted;
    await run(executor, step, lockTimeoutMs);
    return { ok: true };
  } catch (error) {
    await executor.interrupted();
    if (!isConnectionLoss(error)) await executor.session.query("ROLLBACK");
    return { ok: false, step: "file", error };
  }
}

async function runStep(executor: Executor, step: Step): Promise<void> {
  const attempt = (lockTimeoutMs: number) => tryStep(executor, step, lockTimeoutMs);
  const patient = isPatient(step.statement);
  const first = await attempt(patient ? 0 : (step.item.lockTimeoutMs ?? rung(executor.ladder, 0)));
  const again = !patient && !first.ok && isLockTrouble(first.error);
  const outcome = again ? await climb(executor, step.item.name, attempt) : first;
  if (!outcome.ok) throw outcome.error;
}

const headOf = ({ sql }: Statement): string => sql.replaceAll(/\s+/g, " ").slice(0, 120);

/** A statement that may have committed part of its work and failed: nobody can tell from outside. */
const isOpaque = ({ kind }: Statement): boolean => kind === "CallStmt" || kind === "DoStmt";

/** After a failed step: what stands, in the history and in words. */
async function settleFailure(executor: Executor, step: Step, error: unknown): Promise<never> {
  const { session, plan, signal } = executor;
  const { item, index, statement } = step;
  if (isConnectionLoss(error)) throw error;
  if (signal.aborted) await settleStopped(executor, step);
  // A failed build leaves an invalid index that still slows every write, and enforces uniqueness.
  await clearDebris(session, statement);
  await session.reset();
  if (index === 0 && !isOpaque(statement)) {
    await session.query(item.books.forget());
    if (error instanceof HeadgateError) throw error;
    throw migrationFailure({ item, sent: [statement], step: "file", error });
  }
  const known = !isOpaque(statement);
  await session.query(known ? recordPaused(plan.names, item.name, true) : recordNeedsAttention(plan.names, item.name));
  throw new HeadgateError("needs-attention", {
    what: `${item.name} stopped at statement ${index + 1} of ${item.statements()?.length}: ${reasonOf(error)}`,
    details: [
      ...sqlDetails({ item, sent: [], step: "file", error }).details,
      `statement: ${statement.sql.slice(0, 400)}`,
    ],
    stands: standing(step, known),
    fix: wayOut(plan.names, item, { step: index, resumable: known }),
    cause: error,
  });
}

const standing = ({ item, index }: Step, known: boolean): string => {
  const before =
    index === 0 ? `nothing of ${item.name} before it` : `statements 1 to ${index} of ${item.name} are committed`;
  return known
    ? `${before}; this one and what follows are not`
    : `${before}; this one may have committed part of its work`;
};

/** Told to stop: no time for repairs, but the row says how the next run has to go on. Rejects with the signal's reason. */
async function settleStopped(executor: Executor, { item, index, statement }: Step): Promise<void> {
  const { session, plan, signal, log } = executor;
  await session.reset();
  if (runsBare(statement))
    log.warn(
      `${item.name}: cancelled in statement ${index + 1}, and the next run looks what it left: ${headOf(statement)}`,
    );
  else if (index === 0) await session.query(item.books.forget());
  else await session.query(recordPaused(plan.names, item.name, true));
  signal.throwIfAborted();
}

/**
 * Runs the statements from `from` on, each by itself, and counts them in the history. A kill leaves the row unfinished
 * with the number of statements that are known to be done; `resumeWithoutTransaction` takes it up.
 */
async function runFrom(executor: Executor, item: WorkItem, from: number): Promise<void> {
  const { session, signal } = executor;
  for (const [index, statement] of (item.statements() ?? []).entries()) {
    if (index < from) continue;
    const step = { item, index, statement };
    try {
      signal.throwIfAborted();
      await runStep(executor, step);
    } catch (error) {
      await settleFailure(executor, step, error);
    }
  }
  await session.reset();
  await session.query(`BEGIN; ${item.books.finish()}; COMMIT`);
}

export async function runWithoutTransaction(executor: Executor, item: WorkItem): Promise<void> {
  const { session, plan } = executor;
  const intent = item.books.intend(item.text()?.sql ?? "");
  await session.query(`BEGIN; ${guardSql(plan, item.requires)}; ${intent}; COMMIT`);
  await runFrom(executor, item, 0);
}

/** Takes up a migration that a kill left unfinished after `step` statements; the catalog says how far the next one got. */
export async function resumeWithoutTransaction(
  executor: Executor,
  item: WorkItem,
  { step: index, paused }: NonNullable<WorkItem["resume"]>,
): Promise<void> {
  const { session, plan, log } = executor;
  const statement = item.statements()?.[index];
  if (paused) await session.query(recordPaused(plan.names, item.name, false));
  // What is counted in its own transaction has not happened when it is not counted.
  if (statement === undefined || paused || !runsBare(statement)) return await runFrom(executor, item, index);
  const { effect, words } = await settleByCatalog(session, statement);
  if (effect === "unknown") {
    await session.query(recordNeedsAttention(plan.names, item.name));
    throw new HeadgateError("needs-attention", {
      what: `an earlier run ended during statement ${index + 1} of ${item.statements()?.length} of ${item.name}, and nothing in the catalog tells whether it took effect`,
      details: [`statement: ${statement.sql.slice(0, 400)}`],
      stands: standing({ item, index, statement }, false),
      fix: wayOut(plan.names, item, { step: index, resumable: false }),
    });
  }
  log.info(`${item.name}: an earlier run ended during statement ${index + 1}: ${words}`);
  if (effect === "done") await session.query(recordStep(plan.names, item.name, index + 1));
  await runFrom(executor, item, effect === "done" ? index + 1 : index);
}
