import { stoppable } from "../engine/cancel.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Statement } from "../migrations/parser.ts";
import { connect } from "../postgres/client.ts";
import type { Session } from "../postgres/session.ts";
import { isConnectionLoss, sqlstateOf } from "../postgres/sqlstate.ts";
import type { Context } from "./context.ts";
import type { MigrationForecast } from "./forecast.ts";
import type { PlannedMigration } from "./state.ts";
import { type Traceable, withCopy } from "./trace-copy.ts";
import { type Bench, openBench, type Traced, traceStatements, traceWhole } from "./trace-statements.ts";

/** A migration that was run in the copy. */
export interface TracedMigration {
  readonly name: string;
  /** One a statement. Of one that was not taken apart: one for all. */
  readonly statements: readonly Traced[];
  readonly whole: boolean;
}

interface One {
  readonly planned: PlannedMigration;
  readonly forecast: MigrationForecast;
  /** Statements that an earlier run has committed. */
  readonly done: number;
}

async function sqlOf({ planned: { migration } }: One, session: Session): Promise<string> {
  if (migration.up !== undefined) return migration.up.sql;
  const { buildDynamic } = await import("../migrations/script.ts");
  return await buildDynamic(migration, session);
}

function failed({ planned: { migration } }: One, statement: Statement | undefined, error: unknown): unknown {
  if (sqlstateOf(error) === undefined || isConnectionLoss(error)) return error;
  const file = migration.up?.file ?? migration.name;
  const where = statement?.line === undefined ? file : `${file}:${statement.line}`;
  return new HeadgateError("trace-failed", {
    what: `${where} fails in the copy: ${reasonOf(error)}`,
    details:
      statement === undefined
        ? []
        : statement.sql
            .split("\n")
            .slice(0, 4)
            .map((line) => `| ${line.slice(0, 160)}`),
    fix: "correct the migration; in the database itself it would fail too, unless that holds other data",
    stands: "nothing was changed but the copy",
    cause: error,
  });
}

async function traceOne(bench: Bench, one: One): Promise<TracedMigration> {
  const { planned, forecast, done } = one;
  const { migration } = planned;
  const statements = planned.statements()?.slice(done);
  const found: Traced[] = [];
  try {
    if (statements === undefined || forecast.statements === undefined) {
      found.push(await traceWhole(bench, () => sqlOf(one, bench.session)));
      return { name: migration.name, statements: found, whole: true };
    }
    const plans = forecast.statements.slice(done);
    await traceStatements(bench, { migration, statements, plans }, (traced) => found.push(traced));
    return { name: migration.name, statements: found, whole: false };
  } catch (error) {
    throw failed(one, statements?.[found.length], error);
  } finally {
    if (planned.leavesState || !migration.transaction) await bench.session.reset().catch(() => undefined);
  }
}

async function traceAll(context: Context, session: Session, all: readonly One[]): Promise<TracedMigration[]> {
  const options = { applicationName: `${context.applicationName}:watch`, timeoutMs: 10_000 };
  const watcher = await connect(session.connection, options);
  const holder = await connect(session.connection, options);
  const traced: TracedMigration[] = [];
  try {
    const bench = await openBench(session, [watcher, holder], context.names.schemaName);
    for (const one of all) {
      context.signal.throwIfAborted();
      traced.push(await traceOne(bench, one));
      context.log.info(`  traced ${one.forecast.name}`);
    }
    return traced;
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  } finally {
    await Promise.all([watcher.close(), holder.close()]);
  }
}

/** Runs what is pending in a copy of the database, and tells what each statement really locked and wrote anew. */
export async function trace(
  context: Context,
  traceable: Traceable,
  forecasts: readonly MigrationForecast[],
): Promise<TracedMigration[]> {
  const { migrations, comparison } = traceable.plan;
  const all = migrations.flatMap((planned, at) => {
    const forecast = forecasts[at];
    const done = comparison.unfinished.find(({ name }) => name === planned.migration.name)?.step ?? 0;
    return forecast === undefined ? [] : [{ planned, forecast, done }];
  });
  return await withCopy(
    context,
    traceable,
    async (session) => await stoppable(context.signal, session, () => traceAll(context, session, all)),
  );
}
