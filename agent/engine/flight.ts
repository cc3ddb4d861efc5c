import { randomInt } from "node:crypto";
import { LOCK_CLASS, type Names } from "../history/schema.ts";
import type { Client, Row } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { locksSeen } from "../statements/lock-modes.ts";
import type { Facts } from "./work.ts";

/** What every flight of a run shares. */
export interface FlightPlan {
  readonly names: Names;
  readonly lockKey: bigint;
  /** Name of the target, unquoted. */
  readonly target: string;
  /** SQL expression of the moment after which no migration begins. */
  readonly deadline: string;
}

export interface Flight {
  /** Name of the migration that has to be applied when it begins, if there is one. */
  readonly requires: string | undefined;
  readonly lockTimeoutMs: number;
  /** False: its commit may be on the disk only when a later one is. */
  readonly durable: boolean;
  /** Rows that commit with it, given its SQL. */
  readonly record: (sql: string) => string;
}

export type FlightStep = "begin" | "file" | "record";

export type FlightOutcome =
  | ({ readonly ok: true } & Facts)
  | { readonly ok: false; readonly step: FlightStep; readonly error: unknown };

/** Marks the transaction of one flight; fits both a setting and half an advisory lock. */
const newToken = (): string => String(randomInt(1, 2 ** 31));

/** Raises when the lock is lost, `requires` is not applied, or the deadline is too near. */
export const guardSql = (plan: FlightPlan, requires: string | undefined): string =>
  `SELECT ${plan.names.guard}(${plan.lockKey}, ${quoteLiteral(plan.target)}, ${quoteLiteral(requires ?? null)}, ${plan.deadline})`;

/** The first message: the transaction, its settings and the guard. */
export function beginSql(plan: FlightPlan, flight: Flight, token: string): string {
  const later = flight.durable ? "" : " SET LOCAL synchronous_commit = off;";
  return `BEGIN;${later} SET LOCAL lock_timeout = ${Math.round(flight.lockTimeoutMs)}; SET LOCAL headgate.flight = '${token}';
SELECT pg_advisory_xact_lock(${LOCK_CLASS.flight}, ${token});
${guardSql(plan, flight.requires)}`;
}

/** The last message: back to our own role, the rows of the history, and the commit. `restore`: as a session has it. */
export const recordSql = (
  restore: string,
  plan: FlightPlan,
  { rows, token }: { rows: string; token: string },
): string =>
  `SET LOCAL statement_timeout = 0; ${restore}; SELECT ${plan.names.settle}('${token}');
${rows};
SET CONSTRAINTS ALL IMMEDIATE; COMMIT`;

interface Sent {
  readonly begin: Promise<unknown>;
  readonly file: Promise<number | undefined>;
  readonly record: Promise<readonly Row[]>;
}

async function outcomeOf(steps: Sent, { schemaName }: Names): Promise<FlightOutcome> {
  const results = await Promise.allSettled([steps.begin, steps.file, steps.record]);
  const order = ["begin", "file", "record"] as const;
  const failed = results.findIndex((result) => result.status === "rejected");
  const result = results[failed];
  const step = order[failed];
  if (result?.status === "rejected" && step !== undefined) return { ok: false, step, error: result.reason };
  return { ok: true, statements: await steps.file, locks: locksSeen((await steps.record)[0]?.locks, schemaName) };
}

/**
 * One migration, one transaction, three messages sent without waiting. Messages of their own, so that a syntax error in
 * the file is raised inside the transaction that the first has begun; whatever fails, the transaction stays aborted and
 * everything sent behind it fails too, until ROLLBACK.
 */
export function launch(
  session: Session,
  plan: FlightPlan,
  flight: Flight & { readonly sql: string },
): Promise<FlightOutcome> {
  // Behind a pooler the next message goes only when the one ahead went well.
  if (session.facts.pooler !== undefined)
    return launchDynamic(session, plan, { ...flight, build: async () => flight.sql });
  const token = newToken();
  const steps = {
    begin: session.query(beginSql(plan, flight, token)),
    file: session.run(flight.sql),
    record: session.query(recordSql(session.restore, plan, { rows: flight.record(flight.sql), token })),
  };
  return outcomeOf(steps, plan.names);
}

/** As `launch`, for a script whose SQL is only known while its transaction is open; `build` makes it. */
export async function launchDynamic(
  session: Session,
  plan: FlightPlan,
  flight: Flight & { readonly build: (live: Client) => Promise<string> },
): Promise<FlightOutcome> {
  const token = newToken();
  let step: FlightStep = "begin";
  try {
    await session.query(beginSql(plan, flight, token));
    step = "file";
    const sql = await flight.build(session);
    const statements = await session.run(sql);
    step = "record";
    const rows = await session.query(recordSql(session.restore, plan, { rows: flight.record(sql), token }));
    return { ok: true, statements, locks: locksSeen(rows[0]?.locks, plan.names.schemaName) };
  } catch (error) {
    return { ok: false, step, error };
  }
}
