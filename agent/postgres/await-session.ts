import { HeadgateError } from "../errors/headgate-error.ts";
import { elapsed, jitter, sleep } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";
import { connectReason, hopeless } from "./connect-errors.ts";
import { type Connection, type ConnectionSource, describeConnection } from "./connection.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";

export interface Waiting {
  readonly source: ConnectionSource;
  readonly options: Omit<SessionOptions, "timeoutMs">;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** False lets a read-only server pass: status, plan, verify and smoke only read. */
  readonly writable: boolean;
}

/** A server that is there and will not take writes: `recovery` may pass, `setting` will not. */
function unwritable(session: Session): "recovery" | "setting" | undefined {
  if (session.facts.inRecovery) return "recovery";
  return session.facts.readOnly ? "setting" : undefined;
}

const readOnlyBySetting = (session: Session): HeadgateError =>
  new HeadgateError("server-read-only", {
    what: `${describeConnection(session.connection)} is read-only: default_transaction_read_only is on`,
    fix: "find where it is set: SELECT * FROM pg_db_role_setting, or SHOW default_transaction_read_only as a superuser; then RESET it",
    stands: "nothing was changed",
  });

interface Try {
  readonly session?: Session;
  readonly reason?: string;
  readonly cause?: unknown;
}

async function tryOnce(connection: Connection, waiting: Waiting, leftMs: number): Promise<Try> {
  const timeoutMs = Math.max(250, Math.min(5_000, leftMs));
  try {
    const session = await openSession(connection, { ...waiting.options, timeoutMs });
    const obstacle = waiting.writable ? unwritable(session) : undefined;
    if (obstacle === undefined) return { session };
    await session.close();
    if (obstacle === "setting") throw readOnlyBySetting(session);
    return { reason: "the server is in recovery: a replica, or a primary that has not finished starting" };
  } catch (error) {
    const final = hopeless(error, connection);
    if (final !== undefined) throw final;
    return { reason: connectReason(error), cause: error };
  }
}

/**
 * A session with a server that answers and, when asked for, takes writes. Tries again until `timeoutMs` is over, then
 * rejects with `unreachable` and the last real reason; what waiting cannot mend rejects at once.
 */
export async function awaitSession(waiting: Waiting): Promise<Session> {
  const end = elapsed() + waiting.timeoutMs;
  let pause = 200;
  let said = "";
  for (;;) {
    waiting.signal.throwIfAborted();
    const connection = await waiting.source();
    const result = await tryOnce(connection, waiting, end - elapsed());
    if (result.session !== undefined) return result.session;
    const reason = result.reason ?? "";
    if (reason !== said) waiting.log.info(`waiting for ${describeConnection(connection)}: ${reason}`);
    said = reason;
    if (elapsed() + pause >= end) throw unreachable(connection, waiting.timeoutMs, result);
    await sleep(jitter(pause), waiting.signal);
    pause = Math.min(pause * 2, 2_000);
  }
}

const unreachable = (connection: Connection, timeoutMs: number, { reason, cause }: Try): HeadgateError =>
  new HeadgateError("unreachable", {
    what: `${describeConnection(connection)} was not reachable in ${formatDuration(timeoutMs)}: ${reason}`,
    stands: "nothing was changed",
    cause,
  });
