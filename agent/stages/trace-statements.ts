import { type Observed, Observer } from "../engine/observe.ts";
import type { Statement } from "../migrations/parser.ts";
import { runsBare } from "../migrations/statements.ts";
import type { Client } from "../postgres/client.ts";
import type { Session } from "../postgres/session.ts";
import type { LockMode, TableLock } from "../statements/lock-modes.ts";
import { strongest } from "../statements/lock-modes.ts";
import type { LockFact } from "../statements/locks.ts";
import type { StatementForecast } from "./forecast.ts";
import type { PlannedMigration } from "./state.ts";
import { type Agreement, agree, type Seen } from "./trace-agreement.ts";

/** What a statement, or a migration as a whole, did on the copy. */
export interface Traced extends Partial<Agreement> {
  /** On tables and views that were there before, by their names of then, the strongest first; without those held already. */
  readonly locks: readonly TableLock[];
  /** What ran before it in the same transaction holds locks: it may have asked for the same again. */
  readonly holds: boolean;
  readonly rewrites: boolean;
  readonly rewritten: readonly string[];
  readonly durationMs: number;
  /** Growth of tables and indexes. */
  readonly bytes: number;
  /** Looked at from a second connection while it ran: what is over in a moment may be missed. */
  readonly sampled: boolean;
}

/** Where the pending migrations are tried. */
export interface Bench {
  readonly session: Session;
  /** Two more connections to the same database. */
  readonly watcher: Client;
  readonly holder: Client;
  readonly observer: Observer;
}

/** `lookers`: connections of their own, which the caller closes. */
export async function openBench(
  session: Session,
  [watcher, holder]: readonly [Client, Client],
  ownSchema: string,
): Promise<Bench> {
  return { session, watcher, holder, observer: await Observer.begin(session, ownSchema) };
}

const named = (locks: Observed["held"], observer: Observer): ReadonlyMap<string, LockMode> =>
  new Map([...locks].map(([oid, lock]) => [observer.nameOf(oid), lock]));

function describe(observed: Observed, { observer }: Bench): Traced & { readonly seen: Seen } {
  const rewritten = observed.rewritten.map((oid) => observer.nameOf(oid));
  const held = named(observed.held, observer);
  const before = named(observed.before, observer);
  // What it took itself, or took more strongly than what ran before it.
  const own = [...held].filter(([table, lock]) => before.get(table) !== lock);
  const locks = own.map(([table, lock]) => ({ table, lock }));
  const { durationMs, bytes, sampled } = observed;
  return {
    locks: locks.toSorted((a, b) => (a.lock === b.lock ? 0 : strongest([a.lock, b.lock]) === a.lock ? -1 : 1)),
    ...{ holds: before.size > 0, rewrites: rewritten.length > 0, rewritten, durationMs, bytes, sampled },
    seen: { held, before, rewritten, sampled },
  };
}

/** The plan's locks by the names that the watch uses; what cannot be found under its name any more keeps it. */
function plannedLocks(
  plan: LockFact,
  known: ReadonlyMap<string, number>,
  { observer }: Bench,
): ReadonlyMap<string, LockMode> {
  const found = new Map<string, LockMode>();
  for (const { table, lock } of plan.locks) {
    const oid = known.get(table);
    const name = oid === undefined ? table : observer.nameOf(oid);
    found.set(name, strongest([found.get(name) ?? null, lock]) ?? lock);
  }
  return found;
}

interface Step {
  readonly statement: Statement;
  readonly plan: StatementForecast;
  readonly known: ReadonlyMap<string, number>;
}

function judged(observed: Observed, { plan, known }: Step, bench: Bench): Traced {
  const { seen, ...traced } = describe(observed, bench);
  return { ...traced, ...agree(plan, plannedLocks(plan, known, bench), seen) };
}

const resolveAll = async (plans: readonly StatementForecast[], { observer }: Bench) =>
  await observer.resolve(plans.flatMap(({ locks }) => locks.map(({ table }) => table)));

/** One transaction, as in a real run; after each statement what the session holds. */
async function inTransaction(bench: Bench, steps: readonly Step[], done: (traced: Traced) => void): Promise<void> {
  const { session, observer } = bench;
  await session.query("BEGIN");
  for (const step of steps)
    done(judged(await observer.inTransaction(() => session.run(step.statement.sql)), step, bench));
  await session.query(`${session.restore}; SET CONSTRAINTS ALL IMMEDIATE; COMMIT`);
}

async function bare(bench: Bench, step: Step): Promise<Traced> {
  const { session, observer, watcher, holder } = bench;
  const run = () => session.run(step.statement.sql);
  const planned = step.plan.locks.flatMap(({ table }) => step.known.get(table) ?? []);
  const watch = { watcher, holder, pid: session.facts.pid };
  return judged(await observer.fromOutside(run, watch, planned), step, bench);
}

/** Statement by statement. Rejects with the server's error; `done` has been told of those before. */
export async function traceStatements(
  bench: Bench,
  {
    migration,
    statements,
    plans,
  }: {
    readonly migration: PlannedMigration["migration"];
    readonly statements: readonly Statement[];
    readonly plans: readonly StatementForecast[];
  },
  done: (traced: Traced) => void,
): Promise<void> {
  const known = await resolveAll(plans, bench);
  const steps = statements.flatMap((statement, at) => {
    const plan = plans[at];
    return plan === undefined ? [] : [{ statement, plan, known }];
  });
  if (migration.transaction) return await inTransaction(bench, steps, done);
  for (const step of steps) {
    if (runsBare(step.statement)) done(await bare(bench, step));
    else await inTransaction(bench, [step], done);
  }
}

/** As a whole: text that was too big to be taken apart, or is only made while its transaction is open. */
export async function traceWhole(bench: Bench, sql: () => Promise<string>): Promise<Traced> {
  const { session, observer } = bench;
  await session.query("BEGIN");
  const observed = await observer.inTransaction(async () => await session.run(await sql()));
  await session.query(`${session.restore}; SET CONSTRAINTS ALL IMMEDIATE; COMMIT`);
  const { seen: _seen, ...traced } = describe(observed, bench);
  return traced;
}
