import type { Applied, WorkItem } from "../engine/work.ts";
import type { Comparison } from "../history/compare.ts";
import type { HistoryState } from "../history/state.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Session } from "../postgres/session.ts";
import type { Finding } from "../rules/rule.ts";

/** A pending migration with what is known of it before it runs. */
export interface PlannedMigration extends WorkItem {
  /** Findings of each statement, in their order. */
  readonly findings: readonly (readonly Finding[])[];
}

export interface Plan {
  /** sha256 over the names and checksums of what is pending, in order. */
  readonly hash: string;
  readonly migrations: readonly PlannedMigration[];
  readonly comparison: Comparison;
  readonly history: HistoryState;
  readonly files: readonly MigrationFile[];
}

/** What the stages of a run have found so far; each stage adds its part. */
export interface RunState {
  readonly session?: Session;
  /** Invalid indexes that were there before this run. */
  readonly invalidBefore?: readonly string[];
  readonly plan?: Plan;
  /** Id of the row in headgate.run. */
  readonly run?: string;
  readonly applied?: readonly Applied[];
}
