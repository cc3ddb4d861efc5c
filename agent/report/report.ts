import { withoutPasswords } from "../lib/redact.ts";
import type { Release } from "../settings/release.ts";
import type { TableLock } from "../statements/lock-modes.ts";

export interface StageRecord {
  readonly name: string;
  readonly status: "ok" | "failed" | "skipped" | "not reached";
  /** Since the run began. Reports of older agents lack it. */
  readonly startedMs?: number | undefined;
  readonly durationMs: number;
  readonly summary: string;
}

/**
 * A migration that was committed, in either direction. All but name and time is unknown where the commit was only learned of
 * after a lost connection, and in reports of older agents.
 */
export interface MigrationRecord {
  readonly name: string;
  readonly durationMs: number;
  /** Since the run began. */
  readonly startedMs?: number | undefined;
  readonly transaction?: boolean | undefined;
  readonly statements?: number | undefined;
  /** Until it had its locks; left out where the first was enough. */
  readonly tries?: number | undefined;
  /** On tables, held when it was committed, strongest first. */
  readonly locks?: readonly TableLock[] | undefined;
}

/** A finding with which a run went on. */
export interface RiskTaken {
  readonly migration: string;
  readonly rule: string;
  readonly risk: "low" | "medium" | "high";
  readonly line: number | undefined;
  readonly danger: string;
  /** Why; undefined where the bar lets it through. */
  readonly accepted: string | undefined;
}

/** The copy that was made before anything changed. */
export interface BackupReport {
  readonly strategy: string;
  readonly name: string;
  /** For people; without secrets. */
  readonly where: string;
  /** Undefined where Headgate does not hold the copy itself. */
  readonly bytes: number | undefined;
  readonly sha256: string | undefined;
  readonly durationMs: number;
  /** Read back whole, restored and compared, or neither. */
  readonly verified: "read" | "restore" | "no";
  /** Of a restore point: where it stands in the WAL. */
  readonly lsn?: string | undefined;
}

/** An object of the schema with its definition before and after; `missing` has no after, `added` no before. */
export interface SchemaChange {
  readonly object: string;
  readonly kind: "added" | "missing" | "different";
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** Differences that a report keeps: more are for nobody to read, and the row of a run is no dump. */
export const MOST_CHANGES = 2_000;

/** One of the values' expectations under `smoke`. */
export interface ExpectationResult {
  readonly what: string;
  readonly met: boolean;
  /** Why not; absent where it is met. */
  readonly reason?: string | undefined;
  readonly durationMs: number;
}

/** What one run did, the same for every sink. Times are ISO 8601, durations milliseconds. */
export interface Report {
  readonly format: 1;
  readonly command: string;
  readonly outcome: "done" | "failed" | "stopped";
  readonly exitCode: number;
  readonly agentVersion: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly database: string | undefined;
  readonly planHash: string | undefined;
  /** Undefined where none was made. */
  readonly backup?: BackupReport | undefined;
  readonly stages: readonly StageRecord[];
  readonly risks: readonly RiskTaken[];
  /** How the schema differed, before this run changed it, from what the run before had left. */
  readonly drift?: readonly SchemaChange[] | undefined;
  /** What this run changed of the schema; undefined where it was not to change it. */
  readonly schema?: readonly SchemaChange[] | undefined;
  /** Undefined where the run did not come so far. */
  readonly expectations?: readonly ExpectationResult[] | undefined;
  /** Committed by this run. */
  readonly applied: readonly MigrationRecord[];
  /** Taken back by this run, in that order. */
  readonly reverted: readonly MigrationRecord[];
  /** In the database, not among the files, and left there. */
  readonly ahead: readonly string[];
  /** The migration at which the run ended, if it ended at one. */
  readonly stoppedAt: string | undefined;
  readonly notReached: readonly string[];
  /** Of a run over many schemas: what became of each. */
  readonly fleet:
    | {
        readonly listed: number;
        readonly unchanged: number;
        readonly done: readonly string[];
        readonly failed: readonly { readonly schema: string; readonly error: string; readonly exitCode: number }[];
        readonly notReached: readonly string[];
      }
    | undefined;
  readonly error:
    | {
        readonly id: string;
        readonly what: string;
        readonly details: readonly string[];
        readonly stands: string;
        readonly fix: string;
      }
    | undefined;
  readonly release: Release | undefined;
  /** What was too much for a report, by its part, and how many of it. */
  readonly leftOut?: Readonly<Record<string, number>> | undefined;
}

/** How many objects differed, those included that are left out; undefined where nobody has looked. */
export const driftCount = ({ drift, leftOut = {} }: Pick<Report, "drift" | "leftOut">): number | undefined =>
  drift && drift.length + (leftOut.drift ?? 0);

const cleanChanges = (list: Report["schema"], clean: (text: string) => string): Report["schema"] =>
  list?.map(({ object, kind, before, after }) => ({
    object,
    kind,
    before: before && clean(withoutPasswords(before)),
    after: after && clean(withoutPasswords(after)),
  }));

/** The report with `clean` run over what people wrote. Keys, names, codes and numbers stay: a password may look like one. */
export function cleanReport(report: Report, clean: (text: string) => string): Report {
  const { error, stages, risks } = report;
  return {
    ...report,
    risks: risks.map((risk) => ({
      ...risk,
      danger: clean(risk.danger),
      accepted: risk.accepted === undefined ? undefined : clean(risk.accepted),
    })),
    expectations: report.expectations?.map(({ reason, ...one }) => ({
      ...one,
      what: clean(one.what),
      ...(reason === undefined ? {} : { reason: clean(reason) }),
    })),
    drift: cleanChanges(report.drift, clean),
    schema: cleanChanges(report.schema, clean),
    stages: stages.map((stage) => ({ ...stage, summary: clean(stage.summary) })),
    error: error && {
      ...error,
      what: clean(error.what),
      details: error.details.map((detail) => clean(detail)),
      stands: clean(error.stands),
      fix: clean(error.fix),
    },
  };
}
