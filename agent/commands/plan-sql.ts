import { beginSql, type FlightPlan, guardSql, recordSql } from "../engine/flight.ts";
import { targetKey } from "../engine/lock.ts";
import { bareLead, countedLead, countStep } from "../engine/non-transactional.ts";
import { booksOfUp } from "../history/record.ts";
import { parseDuration } from "../lib/duration.ts";
import { isPatient, runsBare } from "../migrations/statements.ts";
import { placeIn } from "../postgres/session.ts";
import type { Context } from "../stages/context.ts";
import type { Plan, PlannedMigration } from "../stages/state.ts";

/** Stands where a value is only known when it runs. */
const LATER = { token: "TOKEN", run: "RUN", deadline: "DEADLINE", role: "ROLE" } as const;

const HEAD = `-- What headgate migrate sends, file by file. Known only when it runs, and written in capitals here:
-- TOKEN     a random number, the same in all three places of a file
-- RUN       the number of the run in the history
-- DEADLINE  the moment after which no migration begins
-- ROLE      the role that the session has
-- Locks that are not to be had are tried for again with a longer lock_timeout.`;

interface Sending {
  readonly context: Context;
  readonly plan: FlightPlan;
  readonly requires: string | undefined;
}

const waits = ({ context: { settings } }: Sending, patient: boolean, own: number | undefined): number =>
  patient ? 0 : (own ?? parseDuration(settings.migrate.lockTimeout.first));

const books = ({ context: { names, sign } }: Sending, planned: PlannedMigration) =>
  booksOfUp({ names, run: LATER.run, sign }, planned);

/** One transaction, three messages. */
function flight(sending: Sending, planned: PlannedMigration): string[] {
  const { migration, patient } = planned;
  const { plan, requires, context } = sending;
  const { record } = books(sending, planned);
  const terms = { requires, lockTimeoutMs: waits(sending, patient, migration.lockTimeoutMs), durable: true, record };
  const sql = migration.up?.sql;
  const file = sql ?? "-- its SQL is made by its script while the transaction is open";
  const rows = sql === undefined ? "-- its row in the history, with that SQL" : record(sql);
  const restore = placeIn(context.settings.database);
  return [beginSql(plan, terms, LATER.token), file, recordSql(restore, plan, { rows, token: LATER.token })];
}

/** An intent, then one statement after the other, each counted. */
function oneByOne(sending: Sending, planned: PlannedMigration): string[] {
  const { plan, requires } = sending;
  const { migration } = planned;
  const { intend, finish } = books(sending, planned);
  const steps = (planned.statements() ?? []).flatMap((statement, index) => {
    const ms = waits(sending, isPatient(statement), migration.lockTimeoutMs);
    const count = countStep({ plan, role: LATER.role }, { name: migration.name, index });
    return runsBare(statement)
      ? [bareLead(plan, ms), statement.sql, `BEGIN; ${count}`]
      : [countedLead(plan, ms), statement.sql, count];
  });
  return [
    `BEGIN; ${guardSql(plan, requires)}; ${intend(migration.up?.sql ?? "")}; COMMIT`,
    ...steps,
    `BEGIN; ${finish()}; COMMIT`,
  ];
}

/** A comment that stays one, whatever is in the name. */
const comment = (text: string): string => `-- ${text.replaceAll(/\s/g, " ")}`;

/** The SQL that a run would send, in its order, as the engine builds it. */
export function planSql(context: Context, { migrations, comparison }: Plan): string {
  if (migrations.length === 0) return "";
  const plan = {
    names: context.names,
    lockKey: targetKey(context.settings),
    target: context.settings.history.target,
    deadline: LATER.deadline,
  };
  let requires = comparison.applied.at(-1)?.name;
  const parts = migrations.map((planned) => {
    const { migration } = planned;
    const sending = { context, plan, requires };
    const messages = migration.transaction ? flight(sending, planned) : oneByOne(sending, planned);
    requires = migration.name;
    return [comment(migration.name), ...messages.map((message) => `${message.trimEnd()}\n;`)].join("\n");
  });
  return `${[HEAD, ...parts].join("\n\n")}\n`;
}
