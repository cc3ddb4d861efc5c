import type { Context } from "./context.ts";
import type { RunState } from "./state.ts";

export const stageNames = [
  "wait",
  "preflight",
  "plan",
  "backup",
  "revert",
  "migrate",
  "verify",
  "smoke",
  "repair",
  "baseline",
  "fleet",
  "report",
] as const;
export type StageName = (typeof stageNames)[number];

/** What a stage did: its part of the state, and one line for people; an empty one when there was nothing for it to do. */
export interface StageResult {
  readonly state?: RunState;
  readonly summary: string;
}

export interface Stage {
  readonly name: StageName;
  /**
   * What may be done while the stage before waits for the server: it changes nothing, finds nothing of that stage in the
   * state, and has not happened if that stage fails. `run` gets its part of the state, or rejects as it does.
   */
  readonly early?: (context: Context, state: RunState) => Promise<RunState>;
  /** What it changes. */
  readonly changes: "nothing" | "storage" | "database" | "history";
  /** Rejects with a HeadgateError; `found` keeps what is known even when it rejects. */
  readonly run: (context: Context, state: RunState, found: (part: RunState) => void) => Promise<StageResult>;
}
