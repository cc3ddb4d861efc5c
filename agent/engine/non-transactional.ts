import { HeadgateError } from "../errors/headgate-error.ts";
import {
  forgetIntent,
  recordDone,
  recordIntent,
  recordNeedsAttention,
  recordPaused,
  recordStep,
} from "../history/record.ts";
import type { Statement } from "../migrations/parser.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { isConnectionLoss } from "../postgres/sqlstate.ts";
import { describeConcurrentIndex, dropInvalid, indexState } from "./concurrent-index.ts";
import { messageOf, migrationFailure, sqlDetails } from "./failure.ts";
import type { FlightOutcome } from "./flight.ts";
import { climb, isLockTrouble, rung } from "./ladder.ts";
import type { Executor, WorkItem } from "./work.ts";

/** With a lock_timeout these leave an invalid index or a half-detached partition behind, so they get none. */
const takesItsTime = (statement: Statement): boolean => /\bCONCURRENTLY\b|\bVALIDATE\b/i.test(statement.sql);

async function runStatement(executor: Executor, statement: Statement, lockTimeoutMs: number): Promise<FlightOutcome> {
  const { session } = executor;
  try {
    // Two messages: in one, the statement would be inside an implicit transaction.
    await Promise.all([session.query(`SET lock_timeout = ${Math.round(lockTimeoutMs)}`), session.run(statement.sql)]);
    return { ok: true };
  } catch (error) {
    return { ok: false, step: "file", error };
  }
}

async function runStep(executor: Executor, item: WorkItem, statement: Statement): Promise<void> {
  const attempt = (lockTimeoutMs: number) => runStatement(executor, statement, lockTimeoutMs);
  const patient = takesItsTime(statement);
  const first = await attempt(patient ? 0 : (item.migration.lockTimeoutMs ?? rung(executor.ladder, 0)));
  const again = !patient && !first.ok && isLockTrouble(first.error);
  const outcome = again ? await climb(executor, item.migration.name, attempt) : first;
  if (!outcome.ok) throw outcome.error;
}

/** After a failed step: what stands, in the history and in words. */
async function settleFailure(
  executor: Executor,
  item: WorkItem,
  failed: { step: number; error: unknown },
): Promise<never> {
  const { session, plan, signal } = executor;
  const { migration, statements = [] } = item;
  if (isConnectionLoss(failed.error)) throw failed.error;
  await executor.interrupted();
  const statement = statements[failed.step];
  if (signal.aborted) await settleStopped(executor, item, failed.step);
  // A failed build leaves an invalid index that still slows every write, and enforces uniqueness.
  if (statement !== undefined) await dropInvalid(session, statement);
  await session.reset();
  if (failed.step === 0) {
    await session.query(forgetIntent(plan.names, migration.name));
    if (failed.error instanceof HeadgateError) throw failed.error;
    throw migrationFailure({
      migration,
      statements: statement === undefined ? [] : [statement],
      step: "file",
      error: failed.error,
    });
  }
  await session.query(recordNeedsAttention(plan.names, migration.name));
  const place = { migration, statements: undefined, step: "file" as const, error: failed.error };
  throw new HeadgateError("needs-attention", {
    what: `${migration.name} stopped at statement ${failed.step + 1} of ${statements.length}: ${messageOf(failed.error)}`,
    details: [...sqlDetails(place).details, `statement: ${statement?.sql.slice(0, 400) ?? ""}`],
    stands: `statements 1 to ${failed.step} of ${migration.name} are committed; this one and what follows are not`,
    fix: wayOut(executor, item, failed.step),
    cause: failed.error,
  });
}

/** Told to stop: no time for repairs, but the row says how the next run has to go on. Rejects with the signal's reason. */
async function settleStopped(executor: Executor, item: WorkItem, step: number): Promise<void> {
  const { session, plan, signal, log } = executor;
  const { migration, statements = [] } = item;
  const statement = statements[step];
  const index = statement === undefined ? undefined : describeConcurrentIndex(statement);
  await session.reset();
  if (index !== undefined)
    log.warn(`${index.name} may be left behind invalid; the next run looks, and removes or keeps it`);
  else if (step === 0) await session.query(forgetIntent(plan.names, migration.name));
  else await session.query(recordPaused(plan.names, migration.name, true));
  signal.throwIfAborted();
}

function wayOut({ plan: { names } }: Executor, { migration, statements = [] }: WorkItem, step: number): string {
  const rest = statements.slice(step).map((statement) => `${statement.sql}\n;`);
  const row = `target = ${names.target} AND name = '${migration.name}'`;
  return [
    "either run the rest by hand and record it:",
    ...rest,
    `    UPDATE ${names.history} SET state = 'applied', applied_at = now() WHERE ${row};`,
    `    INSERT INTO ${names.pgmigrations} (name, run_on) VALUES ('${migration.name}', now());`,
    "  or undo the committed statements by hand and forget it:",
    `    DELETE FROM ${names.history} WHERE ${row};`,
  ].join("\n");
}

/**
 * Runs the statements from `from` on, each by itself, and counts them in the history. A kill leaves the row `running`
 * with the number of statements that are known to be done; `resumeWithoutTransaction` takes it up.
 */
async function runFrom(executor: Executor, item: WorkItem, from: number): Promise<void> {
  const { session, plan, signal } = executor;
  const { migration, statements = [] } = item;
  for (let step = from; step < statements.length; step += 1) {
    const statement = statements[step];
    if (statement === undefined) break;
    try {
      signal.throwIfAborted();
      await runStep(executor, item, statement);
      await session.query(countStep(executor, migration.name, step + 1));
    } catch (error) {
      await settleFailure(executor, item, { step, error });
    }
  }
  await session.reset();
  await session.query(`BEGIN; ${recordDone(plan.names, migration.name)}; COMMIT`);
}

/** Written as the run's own role, whatever role the file has taken, which it keeps. */
const countStep = ({ session, plan }: Executor, name: string, step: number): string =>
  `BEGIN; SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE ${quoteIdentifier(session.facts.role)};
${recordStep(plan.names, name, step)}; COMMIT`;

export async function applyWithoutTransaction(executor: Executor, item: WorkItem): Promise<void> {
  const { session, plan } = executor;
  const upSql = item.migration.up?.sql ?? "";
  await session.query(recordIntent(plan.names, item.migration, { upSql, run: plan.run }));
  await runFrom(executor, item, 0);
}

/** Takes up a migration that a kill left `running` after `step` statements; the catalog says how far the next one got. */
export async function resumeWithoutTransaction(
  executor: Executor,
  item: WorkItem,
  { step, paused }: NonNullable<WorkItem["resume"]>,
): Promise<void> {
  const { session, plan, log } = executor;
  const { migration, statements = [] } = item;
  const statement = statements[step];
  if (paused) await session.query(recordPaused(plan.names, migration.name, false));
  if (statement === undefined || paused) return await runFrom(executor, item, step);
  const index = describeConcurrentIndex(statement);
  if (index === undefined) {
    await session.query(recordNeedsAttention(plan.names, migration.name));
    throw new HeadgateError("needs-attention", {
      what: `an earlier run ended during statement ${step + 1} of ${statements.length} of ${migration.name}, and nothing in the catalog tells whether it took effect`,
      details: [`statement: ${statement.sql.slice(0, 400)}`],
      stands: `statements 1 to ${step} of ${migration.name} are committed`,
      fix: wayOut(executor, item, step),
    });
  }
  const state = await indexState(session, index);
  log.info(`${migration.name}: an earlier run ended while it built ${index.name}; the index is ${state}`);
  if (state === "valid") await session.query(recordStep(plan.names, migration.name, step + 1));
  else await dropInvalid(session, statement);
  await runFrom(executor, item, state === "valid" ? step + 1 : step);
}
