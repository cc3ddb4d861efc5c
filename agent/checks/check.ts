import type { Names } from "../history/schema.ts";
import type { Session } from "../postgres/session.ts";
import type { Settings } from "../settings/settings.ts";

export interface CheckContext {
  readonly session: Session;
  readonly settings: Settings;
  readonly names: Names;
}

/** What a check found wrong, and how to mend it. */
export interface Obstacle {
  /** A run goes on all the same. */
  readonly severity?: "warning";
  readonly what: string;
  readonly fix: string;
}

/** One preflight check. Reads only; all of them run, whatever the others found. */
export interface Check {
  readonly name: string;
  readonly run: (context: CheckContext) => Obstacle | undefined | Promise<Obstacle | undefined>;
}

export interface Checked {
  readonly check: Check;
  /** Undefined when all is well. */
  readonly obstacle: Obstacle | undefined;
}
