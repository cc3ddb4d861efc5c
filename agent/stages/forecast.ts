import type { DownKind, Phase } from "../migrations/types.ts";
import type { Session } from "../postgres/session.ts";
import { type TableSize, tableSizes } from "../postgres/table-size.ts";
import type { Finding } from "../rules/rule.ts";
import type { Catalog } from "../statements/lock-catalog.ts";
import { collectQuestions } from "../statements/lock-questions.ts";
import { type LockFact, lockOf } from "../statements/locks.ts";
import { trackMade } from "../statements/made.ts";
import { askCatalog } from "./forecast-catalog.ts";
import type { Plan, PlannedMigration } from "./state.ts";

/** One statement and what it costs on this database. A table that the same plan makes is nobody's yet, so it is not named. */
export interface StatementForecast extends LockFact {
  readonly sql: string;
  /** Of `table`, with the partitions that are locked as strongly. Undefined when it is not there, or may not be looked at, and without a database. */
  readonly size: TableSize | undefined;
  readonly findings: readonly Finding[];
}

export interface MigrationForecast {
  readonly name: string;
  readonly transaction: boolean;
  readonly phase: Phase;
  readonly downKind: DownKind;
  /** Undefined when nobody has taken it apart; `opaque` says why. */
  readonly statements: readonly StatementForecast[] | undefined;
  readonly opaque: string | undefined;
}

type Draft = Omit<MigrationForecast, "statements"> & {
  readonly statements: readonly Omit<StatementForecast, "size">[] | undefined;
};

const opaqueOf = ({ migration, statements, findings }: PlannedMigration): string | undefined => {
  if (statements() !== undefined) return undefined;
  if (migration.up === undefined) return "its SQL is only known while it runs";
  const [unread] = findings.flat();
  return unread === undefined
    ? "too big to be taken apart here"
    : `${unread.rule} accepted (${unread.accepted}): ${unread.danger}`;
};

type Migrations = readonly PlannedMigration[];

function draft(migrations: Migrations, catalog: Catalog | undefined): Draft[] {
  const made = trackMade();
  return migrations.map((planned) => {
    const { name, transaction, phase, downKind } = planned.migration;
    made.begin();
    const statements = planned.statements()?.map((statement, at) => {
      const fact = lockOf(statement, { catalog, made });
      made.note(statement);
      return { sql: statement.sql, ...fact, findings: planned.findings[at] ?? [] };
    });
    return { name, transaction, phase, downKind, statements, opaque: opaqueOf(planned) };
  });
}

/** What the database knows of all that the statements name, in one message. */
async function catalogFor(migrations: Migrations, session: Session): Promise<Catalog> {
  const made = trackMade();
  const asker = collectQuestions();
  for (const planned of migrations) {
    made.begin();
    for (const statement of planned.statements() ?? []) {
      asker.hear(statement, made);
      made.note(statement);
    }
  }
  return await askCatalog(session, asker.questions());
}

/** Of a statement that locks many, the size of so many is summed. */
const LOOKED_AT = 200;

/** The tables that have the strongest lock of a statement. */
const strongestOf = ({ lock, locks }: LockFact): readonly string[] =>
  locks
    .filter((one) => one.lock === lock)
    .slice(0, LOOKED_AT)
    .map(({ table }) => table);

/** Of a partitioned table: what its partitions hold, for it has no row of its own. */
function sizeOf(fact: LockFact, sizes: ReadonlyMap<string, TableSize | undefined>): TableSize | undefined {
  const own = fact.table === null ? undefined : sizes.get(fact.table);
  if (own === undefined || own.bytes > 0) return own;
  const all = strongestOf(fact).flatMap((table) => sizes.get(table) ?? []);
  const counted = all.filter(({ bytes }) => bytes > 0);
  if (counted.length === 0) return own;
  const bytes = counted.reduce((sum, one) => sum + one.bytes, 0);
  const rows = counted.some((one) => one.rows === null) ? null : counted.reduce((sum, one) => sum + (one.rows ?? 0), 0);
  return { rows, bytes };
}

/** What each statement of a plan costs. Two messages for all of them; `session` undefined: without a database. */
export async function forecast(
  { migrations }: Pick<Plan, "migrations">,
  session: Session | undefined,
): Promise<MigrationForecast[]> {
  if (session === undefined)
    return draft(migrations, undefined).map((one) => ({
      ...one,
      statements: one.statements?.map((rest) => ({ ...rest, size: undefined })),
    }));
  const drafts = draft(migrations, await catalogFor(migrations, session));
  const sizes = await tableSizes(
    session,
    drafts.flatMap(({ statements = [] }) => statements.flatMap(strongestOf)),
  );
  return drafts.map((one) => ({
    ...one,
    statements: one.statements?.map((statement) => ({ ...statement, size: sizeOf(statement, sizes) })),
  }));
}
