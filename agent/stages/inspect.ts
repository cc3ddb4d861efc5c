import { loadMigrations } from "../migrations/load.ts";
import { loadParser, PARSE_LIMIT_BYTES, type Parse } from "../migrations/parser.ts";
import { readAll } from "../migrations/problem.ts";
import type { Migration, MigrationFile } from "../migrations/types.ts";
import { lint } from "../rules/index.ts";
import { leavesState } from "../rules/leaves-state.ts";
import type { PlannedMigration } from "./state.ts";

const isParsed = ({ up }: Migration, limit: number): boolean => up !== undefined && Buffer.byteLength(up.sql) <= limit;

function inspectOne(migration: Migration, parse: Parse | undefined, ownSchema: string): PlannedMigration {
  if (migration.up === undefined || parse === undefined) {
    return { migration, statements: undefined, leavesState: true, findings: [] };
  }
  const statements = parse(migration.up);
  return {
    migration,
    statements,
    leavesState: statements.some(leavesState),
    findings: lint({ migration, statements, ownSchema }),
  };
}

export interface InspectOptions {
  readonly all: readonly MigrationFile[];
  readonly dir: string;
  readonly ownSchema: string;
  /** Text above this many bytes is not parsed. */
  readonly limitBytes?: number;
}

/** Parses and lints migrations, every problem of syntax in one error. */
export async function inspectMigrations(
  migrations: readonly Migration[],
  { dir, ownSchema, limitBytes = PARSE_LIMIT_BYTES }: InspectOptions,
): Promise<PlannedMigration[]> {
  const parse = migrations.some((migration) => isParsed(migration, limitBytes)) ? await loadParser() : undefined;
  return await readAll(migrations, dir, (migration) =>
    // A file without a transaction runs statement by statement, so it is parsed however big it is.
    inspectOne(migration, isParsed(migration, limitBytes) || !migration.transaction ? parse : undefined, ownSchema),
  );
}

export async function inspectFiles(
  wanted: readonly MigrationFile[],
  options: InspectOptions,
): Promise<PlannedMigration[]> {
  return await inspectMigrations(await loadMigrations(wanted, options.all, options.dir), options);
}
