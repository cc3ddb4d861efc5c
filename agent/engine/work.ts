import type { Log } from "../lib/log.ts";
import type { Statement } from "../migrations/parser.ts";
import type { Migration } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import type { Session } from "../postgres/session.ts";
import type { FlightPlan } from "./flight.ts";

/** A migration and what its parse tree says about running it. */
export interface WorkItem {
  readonly migration: Migration;
  /** Undefined for text that was too big to parse, or is only known while it runs. */
  readonly statements: readonly Statement[] | undefined;
  /** It may leave session state behind, so the session is reset after it. */
  readonly leavesState: boolean;
  /** How far an earlier run got that did not finish it; undefined for a fresh start. */
  readonly resume?: { readonly step: number; readonly paused: boolean } | undefined;
}

export interface Ladder {
  readonly firstMs: number;
  readonly largestMs: number;
  readonly budgetMs: number;
}

export interface Applied {
  readonly name: string;
  readonly durationMs: number;
}

/** What the executor needs. One for a run; the session is replaced after a lost connection. */
export interface Executor {
  readonly session: Session;
  readonly plan: FlightPlan;
  readonly ladder: Ladder;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Opens a second connection, to look and to cancel. */
  readonly observe: () => Promise<Client>;
  readonly onApplied: (applied: Applied) => void;
  /** Tells that a cancelled statement has ended; resolves when no further cancel will be sent. */
  readonly interrupted: () => Promise<void>;
}
