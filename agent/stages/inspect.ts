import { plainOf } from "../migrations/compiled.ts";
import { loadMigrations } from "../migrations/load.ts";
import { loadParser, type Statement } from "../migrations/parser.ts";
import { readAll } from "../migrations/problem.ts";
import type { Inspection, Migration, MigrationFile } from "../migrations/types.ts";
import { RISKS, reaches } from "../rules/rule.ts";
import { type InspectOptions, isParsed, UNPARSED } from "./inspect-options.ts";
import type { PlannedMigration } from "./state.ts";

function known({ inspection }: Migration, { ownSchema, anew = false, bar = "high" }: InspectOptions) {
  if (anew || inspection?.ownSchema !== ownSchema) return undefined;
  // What is let through is reported all the same.
  const isOpen = inspection.worst !== null && reaches(inspection.worst, bar === "never" ? "high" : bar);
  return isOpen ? undefined : inspection;
}

/** Statements as a manifest knows them: their text and place, without trees. */
const placed = (sql: string, places: Inspection["places"]): Statement[] =>
  places.map(([start, length, line]) => ({
    sql: sql.slice(start, start + length),
    kind: "",
    node: {},
    // JSON has no undefined
    line: line ?? undefined,
  }));

/** As a manifest has it. A class, because thousands wait their turn. Not to be spread. */
class AsCompiled implements PlannedMigration {
  readonly migration: Migration;
  readonly leavesState: boolean;
  readonly patient: boolean;
  readonly locksOthers: boolean;
  readonly wants: Inspection["wants"];
  readonly unlessThere: PlannedMigration["unlessThere"];
  readonly #effects: Inspection["effects"];

  constructor(migration: Migration, known: Inspection, unlessThere: PlannedMigration["unlessThere"]) {
    this.migration = migration;
    this.leavesState = known.leavesState;
    this.patient = known.patient;
    this.locksOthers = known.locksOthers;
    this.wants = known.wants;
    this.unlessThere = unlessThere;
    this.#effects = known.effects;
  }

  get statements() {
    return () => placed(this.migration.up?.sql ?? "", this.migration.inspection?.places ?? []);
  }
  get effects() {
    return () => this.#effects;
  }
  get findings() {
    return UNPARSED.findings;
  }
  get downFindings() {
    return UNPARSED.downFindings;
  }
}

/** Undefined for one that has to be looked at. */
function asCompiled(migration: Migration, options: InspectOptions): PlannedMigration | undefined {
  const compiled = known(migration, options);
  return compiled === undefined || migration.up === undefined ? undefined : new AsCompiled(migration, compiled, []);
}

/** The parser and the rules are loaded for what has to be looked at, and for nothing else. */
async function inspector(options: InspectOptions): Promise<(migration: Migration) => () => PlannedMigration> {
  const [parse, { inspectAnew }, { trackMade }, { madeUnlessThere }] = await Promise.all([
    loadParser(),
    import("./inspect-anew.ts"),
    import("../statements/made.ts"),
    import("../statements/targets.ts"),
  ]);
  const { home = "public", wasThere = ({ sort }) => sort === "schema" } = options;
  const set = trackMade({ home, wasThere });
  return (migration) => {
    const made = options.alone === true ? trackMade({ home }) : set;
    made.begin();
    const compiled = known(migration, options);
    const { up } = migration;
    if (compiled === undefined || up === undefined) return inspectAnew(plainOf(migration), { ...options, parse, made });
    // Where another file is judged, it has to be known what this one makes.
    const statements = parse(up);
    for (const statement of statements) made.note(statement);
    const unlessThere = statements.flatMap(madeUnlessThere);
    return () => new AsCompiled(migration, compiled, unlessThere);
  };
}

/** Parses and lints migrations, every problem of syntax in one error. */
export async function inspectMigrations(
  migrations: readonly Migration[],
  options: InspectOptions,
): Promise<PlannedMigration[]> {
  const compiled = migrations.map((one) => asCompiled(one, options));
  const isOpen = (one: Migration, at: number) =>
    compiled[at] === undefined &&
    known(one, options) === undefined &&
    (isParsed(one, options.limitBytes) || one.down !== undefined);
  if (!migrations.some(isOpen)) {
    return migrations.map((one, at) => compiled[at] ?? { ...UNPARSED, migration: plainOf(one) });
  }
  const inspect = await inspector(options);
  return (await readAll(migrations, options.dir, inspect)).map((finish) => finish());
}

export async function inspectFiles(
  wanted: readonly MigrationFile[],
  options: InspectOptions,
): Promise<PlannedMigration[]> {
  return await inspectMigrations(await loadMigrations(wanted, options.all, options.dir), options);
}

/** The migration with what was found out about it, for the manifest. */
export function withInspection(planned: PlannedMigration, ownSchema: string): Migration {
  const { migration, statements, leavesState, patient, locksOthers, wants, findings, downFindings } = planned;
  const effects = planned.effects();
  const found = findings.flat();
  const isRefused = [...found, ...downFindings].some(({ acceptable }) => !acceptable);
  const parsed = statements();
  if (
    parsed === undefined ||
    wants === undefined ||
    effects === null ||
    migration.up === undefined ||
    !migration.transaction ||
    isRefused
  )
    return migration;
  const { sql } = migration.up;
  let from = 0;
  const places = parsed.map((statement) => {
    const start = sql.indexOf(statement.sql, from);
    from = start + statement.sql.length;
    return [start, statement.sql.length, statement.line] as const;
  });
  const worst = RISKS.findLast((risk) => found.some((one) => [one.risk, one.ifRewritten].includes(risk))) ?? null;
  return { ...migration, inspection: { ownSchema, leavesState, patient, locksOthers, worst, wants, effects, places } };
}
