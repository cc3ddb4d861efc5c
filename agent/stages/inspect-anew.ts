import { basename } from "node:path";
import { PARSE_LIMIT_BYTES, type Parse, type Statement } from "../migrations/parser.ts";
import { FileProblemError } from "../migrations/problem.ts";
import { isPatient } from "../migrations/statements.ts";
import type { Migration } from "../migrations/types.ts";
import { acceptedUnread, lint, standing } from "../rules/index.ts";
import type { Finding } from "../rules/rule.ts";
import { automaticDown } from "../statements/automatic-down.ts";
import { downEffectsOf } from "../statements/down-effects.ts";
import { leavesState } from "../statements/leaves-state.ts";
import { type Made, trackMade } from "../statements/made.ts";
import { locksOnlyItsOwn } from "../statements/own-locks.ts";
import { phaseOf } from "../statements/phase.ts";
import { madeUnlessThere } from "../statements/targets.ts";
import { wantsOf } from "../statements/wants-of.ts";
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

const accepting =
  (allow: readonly string[]) =>
  (finding: Finding): Finding =>
    finding.acceptable && finding.accepted === undefined && allow.includes(finding.rule)
      ? { ...finding, accepted: "plan.allow" }
      : finding;

const withHint = ({ problem }: FileProblemError, { transaction }: Migration): FileProblemError =>
  new FileProblemError({
    ...problem,
    excerpt: [
      ...(problem.excerpt ?? []),
      transaction
        ? 'if the server takes it all the same: -- headgate: allow HG807 reason="..."'
        : "it has to be taken apart, because it runs outside a transaction, statement by statement",
    ],
  });

/** What does not parse and is accepted so counts as unknown. */
function unread(migration: Migration, error: unknown, options: Inspecting): PlannedMigration {
  if (!(error instanceof FileProblemError)) throw error;
  const finding = migration.transaction ? acceptedUnread(migration, error.problem) : undefined;
  if (finding === undefined) throw withHint(error, migration);
  const { downEffects, downFindings } = inspectDown(migration, options.parse, options);
  return { ...UNPARSED, migration: { ...migration, downEffects }, findings: [[finding]], downFindings };
}

function judge(migration: Migration, statements: readonly Statement[], options: Inspecting): PlannedMigration {
  const complete = withAutomaticDown(migration, statements);
  const { downEffects, downFindings } = inspectDown(complete, options.parse, options);
  return {
    migration: {
      ...complete,
      downEffects,
      phase: migration.phase === "unknown" ? phaseOf(statements) : migration.phase,
    },
    statements: () => statements,
    leavesState: statements.some(leavesState),
    patient: statements.length > 0 && statements.every(isPatient),
    locksOthers: !locksOnlyItsOwn(statements),
    wants: wantsOf(statements),
    effects: () => downEffectsOf(statements),
    unlessThere: statements.flatMap(madeUnlessThere),
    findings: lint({ migration: complete, statements, ownSchema: options.ownSchema, made: options.made }),
    downFindings,
  };
}

/** Parses and judges one migration. What comes after it in the set may settle a finding, so the last word is a function. */
export function inspectAnew(migration: Migration, options: Inspecting): () => PlannedMigration {
  const { parse, made, allow = [] } = options;
  if (migration.up === undefined || !isParsed(migration, options.limitBytes)) {
    const { downEffects, downFindings } = inspectDown(migration, parse, options);
    return () => ({ ...UNPARSED, migration: { ...migration, downEffects }, downFindings });
  }
  let planned: PlannedMigration;
  try {
    planned = judge(migration, parse(migration.up), options);
  } catch (error) {
    planned = unread(migration, error, options);
  }
  const accept = accepting(allow);
  return () => ({ ...planned, findings: standing(planned.findings, made).map((found) => found.map(accept)) });
}
