import { loadMigrations } from "../migrations/load.ts";
import { loadParser, PARSE_LIMIT_BYTES, type Parse, type Statement } from "../migrations/parser.ts";
import { readAll } from "../migrations/problem.ts";
import type { Inspection, Migration, MigrationFile } from "../migrations/types.ts";
import { lint } from "../rules/index.ts";
import { leavesState } from "../rules/leaves-state.ts";
import type { PlannedMigration } from "./state.ts";

export interface InspectOptions {
  readonly all: readonly MigrationFile[];
  readonly dir: string;
  readonly ownSchema: string;
  /** Text above this many bytes is not parsed. */
  readonly limitBytes?: number;
  /** Parse also what a manifest has the answer for: `plan` shows the trees' locks. */
  readonly anew?: boolean;
}

function isParsed({ up, transaction }: Migration, limit = PARSE_LIMIT_BYTES): boolean {
  // A file without a transaction runs statement by statement, so it is parsed however big it is.
  return up !== undefined && (!transaction || Buffer.byteLength(up.sql) <= limit);
}

const known = ({ inspection }: Migration, { ownSchema, anew = false }: InspectOptions): Inspection | undefined =>
  !anew && inspection?.ownSchema === ownSchema ? inspection : undefined;

/** Statements as a manifest knows them: their text and place, without trees. */
const placed = (sql: string, places: Inspection["places"]): Statement[] =>
  places.map(([start, length, line]) => ({
    sql: sql.slice(start, start + length),
    kind: "",
    node: {},
    // JSON has no undefined
    line: line ?? undefined,
  }));

function inspectOne(migration: Migration, parse: Parse | undefined, options: InspectOptions): PlannedMigration {
  const compiled = known(migration, options);
  if (compiled !== undefined && migration.up !== undefined) {
    const statements = placed(migration.up.sql, compiled.places);
    return { migration, statements, leavesState: compiled.leavesState, findings: [] };
  }
  if (migration.up === undefined || parse === undefined || !isParsed(migration, options.limitBytes)) {
    return { migration, statements: undefined, leavesState: true, findings: [] };
  }
  const statements = parse(migration.up);
  const findings = lint({ migration, statements, ownSchema: options.ownSchema });
  return { migration, statements, leavesState: statements.some(leavesState), findings };
}

/** Parses and lints migrations, every problem of syntax in one error. */
export async function inspectMigrations(
  migrations: readonly Migration[],
  options: InspectOptions,
): Promise<PlannedMigration[]> {
  const isOpen = (one: Migration) => known(one, options) === undefined && isParsed(one, options.limitBytes);
  const parse = migrations.some(isOpen) ? await loadParser() : undefined;
  return await readAll(migrations, options.dir, (migration) => inspectOne(migration, parse, options));
}

export async function inspectFiles(
  wanted: readonly MigrationFile[],
  options: InspectOptions,
): Promise<PlannedMigration[]> {
  return await inspectMigrations(await loadMigrations(wanted, options.all, options.dir), options);
}

/** The migration with what was found out about it, for the manifest. A run judges findings, so those are left open. */
export function withInspection(planned: PlannedMigration, ownSchema: string): Migration {
  const { migration, statements, findings } = planned;
  if (statements === undefined || migration.up === undefined || !migration.transaction || findings.flat().length > 0) {
    return migration;
  }
  const { sql } = migration.up;
  let from = 0;
  const places = statements.map((statement) => {
    const start = sql.indexOf(statement.sql, from);
    from = start + statement.sql.length;
    return [start, statement.sql.length, statement.line] as const;
  });
  return { ...migration, inspection: { ownSchema, leavesState: planned.leavesState, places } };
}
