import type { Backup } from "../backup/context.ts";
import type { Done } from "../engine/work.ts";
import type { Comparison } from "../history/compare.ts";
import type { Known } from "../history/fingerprints.ts";
import type { Both, HistoryState } from "../history/state.ts";
import type { Statement } from "../migrations/parser.ts";
import type { DownEffect, Migration, MigrationFile } from "../migrations/types.ts";
import type { Wants } from "../migrations/wants.ts";
import type { Fingerprint } from "../postgres/fingerprint.ts";
import type { Differences } from "../postgres/fingerprint-differences.ts";
import type { Session } from "../postgres/session.ts";
import type { ExpectationResult } from "../report/report.ts";
import type { Finding } from "../rules/rule.ts";
import type { Target } from "../statements/targets.ts";
import type { WayBack } from "./way-back.ts";

/** A pending migration with what is known of it before it runs. */
export interface PlannedMigration {
  readonly migration: Migration;
  /** Undefined for text that was too big to parse, or is only known while it runs. */
  readonly statements: () => readonly Statement[] | undefined;
  /** It may leave session state behind. */
  readonly leavesState: boolean;
  /** Every statement waits without harm to anyone. */
  readonly patient: boolean;
  /** It may lock tables that it does not make itself. */
  readonly locksOthers: boolean;
  /** What it needs to find in the database; undefined where nobody has taken it apart. */
  readonly wants: Wants | undefined;
  /** What its up SQL does to data, in order; null where nobody has taken it apart. */
  readonly effects: () => readonly DownEffect[] | null;
  /** What it makes IF NOT EXISTS, where somebody has taken it apart in this run. */
  readonly unlessThere: readonly Target[];
  /** Findings of each statement, in their order. */
  readonly findings: readonly (readonly Finding[])[];
  /** Findings in its down SQL. */
  readonly downFindings: readonly Finding[];
}

export interface Plan {
  /** sha256 over the names and checksums of what is pending, in order. */
  readonly hash: string;
  readonly migrations: readonly PlannedMigration[];
  readonly comparison: Comparison;
  readonly history: HistoryState;
  readonly files: readonly MigrationFile[];
  /** What has to be taken back before; nothing, as a rule. */
  readonly back: WayBack;
}

/** The row of this run, once there is one. */
export interface Begun {
  /** Id of the row in headgate.run. */
  readonly run: string;
  /** SQL expression of the moment after which no migration begins. */
  readonly deadline: string;
  /** What was recorded of the schema before this run. */
  readonly known: Known | undefined;
}

/** What became of the schemas of a fleet. Each that is listed is in one of the others. */
export interface Fleet {
  readonly listed: readonly string[];
  /** They were where the files want them. */
  readonly unchanged: readonly string[];
  readonly done: readonly string[];
  readonly failed: readonly { readonly schema: string; readonly error: string; readonly exitCode: number }[];
  readonly notReached: readonly string[];
}

/** What this run has copied before it changes anything. */
export interface Copied {
  /** Tables whose rows are in it, by oid; undefined for all. */
  readonly tables: readonly number[] | undefined;
  /** The fleet has seen to it for all its schemas, before the first of them changes: none of them makes one. */
  readonly byFleet?: true;
}

/** What the stages of a run have found so far; each stage adds its part. */
export interface RunState {
  readonly session?: Session;
  /** Invalid indexes that were there before this run. */
  readonly invalidBefore?: readonly string[];
  /** Files and history, as they were while the checks ran. */
  readonly both?: Both;
  readonly plan?: Plan;
  readonly begun?: Begun;
  readonly backup?: Backup | undefined;
  readonly copied?: Copied;
  /** Somebody was shown what is taken back, and has agreed. */
  readonly agreed?: boolean;
  readonly applied?: readonly Done[];
  readonly reverted?: readonly Done[];
  readonly fleet?: Fleet;
  readonly expectations?: readonly ExpectationResult[];
  /** The schema before this run changed it. */
  readonly before?: Fingerprint;
  /** How that differs from what the run before had left. */
  readonly drift?: Differences;
  /** What this run has changed. */
  readonly changes?: Differences;
  /** What this run leaves is recorded. */
  readonly kept?: boolean;
}
