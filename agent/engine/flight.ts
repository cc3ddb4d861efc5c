import { randomInt } from "node:crypto";
import { recordApplied } from "../history/record.ts";
import { LOCK_CLASS, type Names } from "../history/schema.ts";
import type { Migration } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";

/** What every flight of a run shares. */
export interface FlightPlan {
  readonly names: Names;
  readonly lockKey: bigint;
  /** Name of the target, unquoted. */
  readonly target: string;
  /** SQL expression of the moment after which no migration begins. */
  readonly deadline: string;
  /** Id of the run's row. */
  readonly run: string;
}

export interface Flight {
  readonly migration: Migration;
  /** Name of the migration that has to be applied before, if there is one. */
  readonly previous: string | undefined;
  readonly lockTimeoutMs: number;
}

export type FlightStep = "begin" | "file" | "record";

export type FlightOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly step: FlightStep; readonly error: unknown };

/** Marks the transaction of one flight; fits both a setting and half an advisory lock. */
const newToken = (): string => String(randomInt(1, 2 ** 31));

function beginSql(plan: FlightPlan, flight: Flight, token: string): string {
  const previous = quoteLiteral(flight.previous ?? null);
  return `BEGIN; SET LOCAL lock_timeout = ${Math.round(flight.lockTimeoutMs)}; SET LOCAL headgate.flight = '${token}';
SELECT pg_advisory_xact_lock(${LOCK_CLASS.flight}, ${token});
SELECT ${plan.names.guard}(${plan.lockKey}, ${quoteLiteral(plan.target)}, ${previous}, ${plan.deadline})`;
}

const recordSql = (
  session: Session,
  plan: FlightPlan,
  flight: { migration: Migration; upSql: string; token: string },
) =>
  `SET LOCAL statement_timeout = 0; ${session.restore}; SELECT ${plan.names.settle}('${flight.token}');
${recordApplied(plan.names, flight.migration, { upSql: flight.upSql, run: plan.run })};
SET CONSTRAINTS ALL IMMEDIATE; COMMIT`;

async function outcomeOf(steps: Readonly<Record<FlightStep, Promise<unknown>>>): Promise<FlightOutcome> {
  const results = await Promise.allSettled([steps.begin, steps.file, steps.record]);
  const order = ["begin", "file", "record"] as const;
  const failed = results.findIndex((result) => result.status === "rejected");
  const result = results[failed];
  const step = order[failed];
  if (result === undefined || step === undefined || result.status === "fulfilled") return { ok: true };
  return { ok: false, step, error: result.reason };
}

/**
 * One migration, one transaction, three messages sent without waiting. Messages of their own, so that a syntax error in
 * the file is raised inside the transaction that the first has begun; whatever fails, the transaction stays aborted and
 * everything sent behind it fails too, until ROLLBACK.
 */
export function launch(session: Session, plan: FlightPlan, flight: Flight): Promise<FlightOutcome> {
  const token = newToken();
  const upSql = flight.migration.up?.sql ?? "";
  return outcomeOf({
    begin: session.query(beginSql(plan, flight, token)),
    file: session.run(upSql),
    record: session.query(recordSql(session, plan, { migration: flight.migration, upSql, token })),
  });
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
    const upSql = await flight.build(session);
    await session.run(upSql);
    step = "record";
    await session.query(recordSql(session, plan, { migration: flight.migration, upSql, token }));
    return { ok: true };
  } catch (error) {
    return { ok: false, step, error };
  }
}
