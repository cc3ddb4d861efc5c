import { basename } from "node:path";
import { PARSE_LIMIT_BYTES, type Parse, type Statement } from "../migrations/parser.ts";
import { isPatient } from "../migrations/statements.ts";
import type { Migration } from "../migrations/types.ts";
import { automaticDown } from "../rules/automatic-down.ts";
import { downEffectsOf } from "../rules/down-effects.ts";
import { lint } from "../rules/index.ts";
import { leavesState } from "../rules/leaves-state.ts";
import { type Made, trackMade } from "../rules/made.ts";
import { phaseOf } from "../rules/phase.ts";
import { type InspectOptions, isParsed, UNPARSED } from "./inspect-options.ts";
import type { PlannedMigration } from "./state.ts";

export interface Inspecting extends InspectOptions {
  readonly parse: Parse;
  readonly made: Made;
}

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
  const downFindings = found.filter(({ acceptable }) => !acceptable);
  return { downEffects: downEffectsOf(statements), downFindings };
}

/** A file that only builds indexes concurrently and has no way back gets the one that it can only have. */
function withAutomaticDown(migration: Migration, statements: readonly Statement[]): Migration {
  if (migration.transaction || migration.down !== undefined) return migration;
  const down = automaticDown(statements);
  return down === undefined ? migration : { ...migration, down, downKind: "stored", downTransaction: false };
}

/** Parses and judges one migration. */
export function inspectAnew(migration: Migration, options: Inspecting): PlannedMigration {
  const { parse } = options;
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
