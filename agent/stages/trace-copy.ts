import { HeadgateError } from "../errors/headgate-error.ts";
import { inUnits } from "../lib/units.ts";
import type { Connection, ConnectionSource } from "../postgres/connection.ts";
import { openSession, type Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { type ThrowawayDatabase, throwawayDatabase } from "../postgres/throwaway-database.ts";
import type { Context } from "./context.ts";
import { makePlan } from "./plan.ts";
import type { Plan } from "./state.ts";

const OTHER_WAY =
  "or name a restored copy that may be changed: export HEADGATE_TRACE_URL=postgresql://ROLE:PASSWORD@HOST:5432/COPY";

/** What says whether two sessions are in the same database of the same server. */
const IDENTITY = `SELECT pg_postmaster_start_time()::text || ' ' || oid AS identity, pg_database_size(oid)::float8 AS bytes
FROM pg_database WHERE datname = current_database()`;

/** The database that a copy is made of, as the plan's session sees it. */
export interface Original {
  readonly identity: string;
  readonly bytes: number;
  readonly connection: Connection;
  /** Others that are connected to it. */
  readonly visitors: readonly string[];
}

const VISITORS = (
  pid: number,
): string => `SELECT DISTINCT coalesce(nullif(application_name, ''), usename, backend_type) AS who FROM pg_stat_activity
WHERE datname = current_database() AND pid <> ${pid} AND backend_type = 'client backend'`;

export async function lookAtOriginal(session: Session): Promise<Original> {
  const [[row = {}] = [], visitors] = await Promise.all([
    session.query(IDENTITY),
    session.query(VISITORS(session.facts.pid)),
  ]);
  const { connection } = session;
  return {
    ...{ connection, identity: String(row.identity), bytes: Number(row.bytes) },
    visitors: visitors.map(({ who }) => String(who)),
  };
}

function notCopied(error: unknown, { visitors }: Original): unknown {
  if (!(error instanceof HeadgateError) || error.id !== "no-throwaway-database") return error;
  const owns = isState(error.cause, SQLSTATE.insufficientPrivilege) ? "; it has to own the database, too" : "";
  return new HeadgateError("no-throwaway-database", {
    what: error.message,
    details: [...error.details, ...visitors.map((who) => `connected: ${who}`)],
    fix: `${error.fix}${owns}; ${OTHER_WAY}`,
    stands: "nothing was changed",
    cause: error,
  });
}

const unfit = (what: string, fix: string): HeadgateError =>
  new HeadgateError("trace-failed", { what, fix, stands: "nothing was changed" });

async function refuseUnfit(context: Context, session: Session, { plan, original }: Traceable): Promise<void> {
  const [row = {}] = await session.query(IDENTITY);
  if (row.identity === original.identity)
    throw unfit("HEADGATE_TRACE_URL names the database itself, and tracing changes it", "name a restored copy of it");
  const there = await makePlan(context, session);
  if (there.hash !== plan.hash)
    throw unfit(
      `the copy that HEADGATE_TRACE_URL names has other migrations applied: ${there.migrations.length} are pending there, and ${plan.migrations.length} in the database`,
      "restore the copy from a backup of now, or take back what was tried in it",
    );
}

/** What is traced, and what of. */
export interface Traceable {
  readonly plan: Plan;
  readonly original: Original;
  /** Names a database that may be changed; undefined: one is made. */
  readonly given: ConnectionSource | undefined;
}

const open = async (context: Context, connection: Connection): Promise<Session> =>
  await openSession(connection, {
    applicationName: `${context.applicationName}:trace`,
    timeoutMs: 10_000,
    database: context.settings.database,
  });

async function inGiven<T>(context: Context, source: ConnectionSource, { traceable, work }: Copying<T>): Promise<T> {
  const session = await open(context, await source());
  try {
    await refuseUnfit(context, session, traceable);
    context.log.info(`tracing in ${session.facts.database}, which is changed by it`);
    return await work(session);
  } finally {
    await session.close();
  }
}

interface Copying<T> {
  readonly traceable: Traceable;
  readonly work: (session: Session) => Promise<T>;
}

async function makeCopy({ signal, log }: Context, original: Original): Promise<ThrowawayDatabase> {
  const { connection, bytes } = original;
  log.info(`copying ${connection.database} (${inUnits(bytes)}) on its server, to try the migrations in the copy`);
  try {
    return await throwawayDatabase(connection, { template: connection.database, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw notCopied(error, original);
  }
}

/** Gives `work` a session in a copy of the database, and removes the copy however it ends; one that was named stays. */
export async function withCopy<T>(
  context: Context,
  traceable: Traceable,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (traceable.given !== undefined) return await inGiven(context, traceable.given, { traceable, work });
  const copy = await makeCopy(context, traceable.original);
  try {
    const session = await open(context, copy.connection);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  } finally {
    await copy.drop();
  }
}
