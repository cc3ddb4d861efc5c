import { basename } from "node:path";
import { plainOf } from "../migrations/compiled.ts";
import { loadMigrations } from "../migrations/load.ts";
import { loadParser, PARSE_LIMIT_BYTES, type Parse, type Statement } from "../migrations/parser.ts";
import { readAll } from "../migrations/problem.ts";
import { isPatient } from "../migrations/statements.ts";
import type { Inspection, Migration, MigrationFile } from "../migrations/types.ts";
import { automaticDown } from "../rules/automatic-down.ts";
import { downEffectsOf } from "../rules/down-effects.ts";
import { isAcceptable, lint } from "../rules/index.ts";
import { leavesState } from "../rules/leaves-state.ts";
import { type Made, trackMade } from "../rules/made.ts";
import { phaseOf } from "../rules/phase.ts";
import type { PlannedMigration } from "./state.ts";

export interface InspectOptions {
  readonly all: readonly MigrationFile[];
  readonly dir: string;
  readonly ownSchema: string;
  /** Text above this many bytes is not parsed. */
  readonly limitBytes?: number;
  /** Judge each file as if the ones before it had been applied long ago: so it may come to be. */
  readonly alone?: boolean;
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

const UNPARSED = {
  statements: () => undefined,
  leavesState: true,
  patient: false,
  findings: [],
  downFindings: [],
} as const;

/** The down SQL, written or automatic, with what it does to data and what is wrong with it. */
function inspectDown(migration: Migration, parse: Parse, options: InspectOptions) {
  const { down, downAt, downTransaction, up, name } = migration;
  if (down === undefined || Buffer.byteLength(down) > (options.limitBytes ?? PARSE_LIMIT_BYTES)) {
    return { downEffects: undefined, downFindings: [] };
  }
  const file = downAt?.file ?? up?.file ?? basename(name);
  const statements = parse({ sql: down, file, line: downAt?.line });
  const subject = { migration: { ...migration, transaction: downTransaction }, ownSchema: options.ownSchema };
  const found = lint({ ...subject, statements, made: trackMade() }).flat();
  // A way back is meant to destroy: what that would lose is counted when it comes to it.
  const downFindings = found.filter(({ rule }) => !isAcceptable(rule));
  return { downEffects: downEffectsOf(statements), downFindings };
}

/** A file that only builds indexes concurrently and has no way back gets the one that it can only have. */
function withAutomaticDown(migration: Migration, statements: readonly Statement[]): Migration {
  if (migration.transaction || migration.down !== undefined) return migration;
  const down = automaticDown(statements);
  return down === undefined ? migration : { ...migration, down, downKind: "stored", downTransaction: false };
}

interface Inspecting extends InspectOptions {
  readonly parse: Parse | undefined;
  readonly made: Made;
}

function inspectOne(migration: Migration, options: Inspecting): PlannedMigration {
  const { parse, made } = options;
  const compiled = known(migration, options);
  if (compiled !== undefined && migration.up !== undefined) {
    const { leavesState: leaves, patient } = compiled;
    // Where another file is to be judged, it has to be known what this one makes.
    for (const statement of parse?.(migration.up) ?? []) made.note(statement);
    const statements = () => placed(migration.up?.sql ?? "", migration.inspection?.places ?? []);
    return { ...UNPARSED, migration, statements, leavesState: leaves, patient };
  }
  return inspectAnew(plainOf(migration), options);
}

function inspectAnew(migration: Migration, options: Inspecting): PlannedMigration {
  const { parse } = options;
  if (parse === undefined) return { ...UNPARSED, migration };
  if (migration.up === undefined || !isParsed(migration, options.limitBytes)) {
    const { downEffects, downFindings } = inspectDown(migration, parse, options);
    return { ...UNPARSED, migration: { ...migration, downEffects }, downFindings };
  }
  const statements = parse(migration.up);
  const complete = withAutomaticDown(migration, statements);
  const { downEffects, downFindings } = inspectDown(complete, parse, options);
  return {
    migration: {
      ...complete,
      downEffects,
      phase: migration.phase === "unknown" ? phaseOf(statements) : migration.phase,
    },
    statements: () => statements,
    leavesState: statements.some(leavesState),
    patient: statements.length > 0 && statements.every(isPatient),
    findings: lint({ migration, statements, ownSchema: options.ownSchema, made: options.made }),
    downFindings,
  };
}

/** Parses and lints migrations, every problem of syntax in one error. */
export async function inspectMigrations(
  migrations: readonly Migration[],
  options: InspectOptions,
): Promise<PlannedMigration[]> {
  const isOpen = (one: Migration) =>
    known(one, options) === undefined && (isParsed(one, options.limitBytes) || one.down !== undefined);
  const parse = migrations.some(isOpen) ? await loadParser() : undefined;
  const made = trackMade();
  return await readAll(migrations, options.dir, (migration) =>
    inspectOne(migration, { ...options, parse, made: options.alone === true ? trackMade() : made }),
  );
}

export async function inspectFiles(
  wanted: readonly MigrationFile[],
  options: InspectOptions,
): Promise<PlannedMigration[]> {
  return await inspectMigrations(await loadMigrations(wanted, options.all, options.dir), options);
}

/** The migration with what was found out about it, for the manifest. A run judges findings, so those are left open. */
export function withInspection(planned: PlannedMigration, ownSchema: string): Migration {
  const { migration, statements, leavesState: leaves, patient, findings, downFindings } = planned;
  const found = [...findings.flat(), ...downFindings].filter(({ rule }) => !isAcceptable(rule)).length;
  const parsed = statements();
  if (parsed === undefined || migration.up === undefined || !migration.transaction || found > 0) return migration;
  const { sql } = migration.up;
  let from = 0;
  const places = parsed.map((statement) => {
    const start = sql.indexOf(statement.sql, from);
    from = start + statement.sql.length;
    return [start, statement.sql.length, statement.line] as const;
  });
  return { ...migration, inspection: { ownSchema, leavesState: leaves, patient, places } };
}
