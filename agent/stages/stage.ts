import type { Context } from "./context.ts";
import type { RunState } from "./state.ts";

export const stageNames = ["wait", "preflight", "plan", "migrate", "verify", "smoke", "report"] as const;
export type StageName = (typeof stageNames)[number];

/** What a stage did: its part of the state, and one line for people. */
export interface StageResult {
  readonly state?: RunState;
  readonly summary: string;
}

export interface Stage {
  readonly name: StageName;
  /** What it changes. */
  readonly changes: "nothing" | "database" | "history";
  /** Rejects with a HeadgateError; `found` keeps what is known even when it rejects. */
  readonly run: (context: Context, state: RunState, found: (part: RunState) => void) => Promise<StageResult>;
}
