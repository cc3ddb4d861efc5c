import type { DownKind, Phase } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { type TableSize, tableSizes } from "../postgres/table-size.ts";
import { type LockFact, lockOf } from "../rules/locks.ts";
import { trackMade } from "../rules/made.ts";
import type { Finding } from "../rules/rule.ts";
import type { Target } from "../rules/targets.ts";
import type { Plan, PlannedMigration } from "./state.ts";

/** One statement and what it costs on this database. A table that the same plan makes is nobody's yet, so it is not named. */
export interface StatementForecast extends LockFact {
  readonly sql: string;
  /** Undefined when the table is not there, or may not be looked at, and without a database. */
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

const opaqueOf = ({ migration, statements }: PlannedMigration): string | undefined => {
  if (statements() !== undefined) return undefined;
  return migration.up === undefined ? "its SQL is only known while it runs" : "too big to be taken apart here";
};

/** As lockOf names a table: with its schema, or without. */
function relationNamed(table: string): Target {
  const [name = "", schema] = table.split(".").toReversed();
  return { sort: "relation", schema, name };
}

function draft(migrations: readonly PlannedMigration[]): Draft[] {
  const made = trackMade();
  return migrations.map((planned) => {
    const { name, transaction, phase, downKind } = planned.migration;
    const statements = planned.statements()?.map((statement, at) => {
      const fact = lockOf(statement);
      const isNew = fact.table !== null && made.has(relationNamed(fact.table));
      made.note(statement);
      const known = isNew ? { lock: null, table: null, rewrites: false } : fact;
      return { sql: statement.sql, ...known, findings: planned.findings[at] ?? [] };
    });
    return { name, transaction, phase, downKind, statements, opaque: opaqueOf(planned) };
  });
}

const quoted = (table: string): string => table.split(".").map(quoteIdentifier).join(".");

/** What each statement of a plan costs. One message for all tables; `client` undefined: without a database. */
export async function forecast({ migrations }: Plan, client: Client | undefined): Promise<MigrationForecast[]> {
  const drafts = draft(migrations);
  const tables = new Set(drafts.flatMap(({ statements = [] }) => statements.flatMap(({ table }) => table ?? [])));
  const sizes = client === undefined ? undefined : await tableSizes(client, [...tables].map(quoted));
  return drafts.map(({ statements, ...rest }) => ({
    ...rest,
    statements: statements?.map((one) => ({
      ...one,
      size: one.table === null ? undefined : sizes?.get(quoted(one.table)),
    })),
  }));
}
