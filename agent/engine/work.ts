import type { Bookkeeping } from "../history/bookkeeping.ts";
import type { Log } from "../lib/log.ts";
import type { Statement } from "../migrations/parser.ts";
import type { SqlText } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import type { Session } from "../postgres/session.ts";
import type { TableLock } from "../statements/lock-modes.ts";
import type { FlightPlan } from "./flight.ts";

/** One migration to be run in one direction, and what its parse tree says about running it. */
export interface WorkItem {
  readonly name: string;
  readonly direction: "up" | "down";
  /** Read when it is asked for. Undefined for a script whose SQL is only known while it runs; `build` makes it then. */
  readonly text: () => SqlText | undefined;
  readonly build?: ((live: Client) => Promise<string>) | undefined;
  readonly transaction: boolean;
  /** lock_timeout of the file's own header, milliseconds. */
  readonly lockTimeoutMs: number | undefined;
  /** Undefined for text that was too big to parse, or is only known while it runs. Made when asked for: most never are. */
  readonly statements: () => readonly Statement[] | undefined;
  /** It may leave session state behind, so the session is reset after it. */
  readonly leavesState: boolean;
  /** Its statements wait without harm to anyone, so it gets no lock_timeout. */
  readonly patient: boolean;
  /** How far an earlier run got that did not finish it; undefined for a fresh start. */
  readonly resume?: { readonly step: number; readonly paused: boolean } | undefined;
  /** Name of the migration that has to be applied at that moment, if there is one. */
  readonly requires: string | undefined;
  readonly books: Bookkeeping;
}

export interface Ladder {
  readonly firstMs: number;
  readonly largestMs: number;
  readonly budgetMs: number;
}

/** What is known of a migration that was committed, beyond that it was. */
export interface Facts {
  readonly statements?: number | undefined;
  /** Until it had the locks that it wanted. */
  readonly tries?: number | undefined;
  /** Held when it was committed. */
  readonly locks?: readonly TableLock[] | undefined;
}

/** A migration that was committed, in either direction. */
export interface Done extends Facts {
  readonly name: string;
  readonly durationMs: number;
  /** As `elapsed` tells; undefined, as the facts are, where its commit was only learned of later. */
  readonly beganMs?: number | undefined;
  readonly transaction?: boolean | undefined;
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
  readonly onDone: (done: Done) => void;
  /** Tells that a cancelled statement has ended; resolves when no further cancel will be sent. */
  readonly interrupted: () => Promise<void>;
}
