import type { DownKind, Phase } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import { sqlstateOf } from "../postgres/sqlstate.ts";
import { type LockFact, lockOf } from "../rules/locks.ts";
import { trackMade } from "../rules/made.ts";
import type { Finding } from "../rules/rule.ts";
import type { Target } from "../rules/targets.ts";
import type { Plan, PlannedMigration } from "./state.ts";

/** How big a table is, by the server's statistics. */
export interface TableSize {
  /** Null when statistics were never gathered. */
  readonly rows: number | null;
  /** With its indexes and what is stored out of line. */
  readonly bytes: number;
}

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

/** By the catalog alone: a function that opens the table would wait behind whoever has it locked. */
const sizeSql = (table: string): string => `
SELECT nullif(c.reltuples, -1)::float8 AS rows, (SELECT coalesce(sum(p.relpages), 0) FROM pg_class p
  WHERE p.oid IN (c.oid, c.reltoastrelid) OR p.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = c.oid))::float8
  * current_setting('block_size')::float8 AS bytes
FROM pg_class c WHERE c.oid = to_regclass(${quoteLiteral(table)})`;

async function sizeOf(client: Client, table: string): Promise<TableSize | undefined> {
  const quoted = table.split(".").map(quoteIdentifier).join(".");
  try {
    const [row] = await client.query(sizeSql(quoted));
    return row && { rows: row.rows === null ? null : Number(row.rows), bytes: Number(row.bytes) };
  } catch (error) {
    // No right to use its schema.
    if (sqlstateOf(error) === undefined) throw error;
    return undefined;
  }
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

/** What each statement of a plan costs. One message for all tables; `client` undefined: without a database. */
export async function forecast({ migrations }: Plan, client: Client | undefined): Promise<MigrationForecast[]> {
  const drafts = draft(migrations);
  const tables = new Set(drafts.flatMap(({ statements = [] }) => statements.flatMap(({ table }) => table ?? [])));
  const sizes = new Map<string, TableSize | undefined>();
  if (client !== undefined) {
    await Promise.all([...tables].map(async (table) => sizes.set(table, await sizeOf(client, table))));
  }
  return drafts.map(({ statements, ...rest }) => ({
    ...rest,
    statements: statements?.map((one) => ({ ...one, size: one.table === null ? undefined : sizes.get(one.table) })),
  }));
}
