import type { S3Access } from "../backup/s3-client.ts";
import type { Names } from "../history/schema.ts";
import type { ConnectionSource } from "../postgres/connection.ts";
import type { Session } from "../postgres/session.ts";
import type { Settings } from "../settings/settings.ts";

export interface CheckContext {
  readonly session: Session;
  readonly settings: Settings;
  readonly names: Names;
  /** The process's environment, in which programs are looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Another server to try a restore on; undefined for the database's own. */
  readonly scratch: ConnectionSource | undefined;
  /** How a bucket for backups is reached. */
  readonly s3: S3Access;
}

/** What a check found wrong, and how to mend it. */
export interface Obstacle {
  /**
   * `warning`: a run goes on all the same. `unknown`: the role may not see what it takes to tell; doctor says so, and a
   * run says nothing.
   */
  readonly severity?: "warning" | "unknown";
  readonly what: string;
  readonly fix: string;
}

/** One preflight check. Reads only; all of them run, whatever the others found. */
export interface Check {
  readonly name: string;
  /**
   * SQL that is true where there may be something to find, for a check that seldom finds anything: all of them are one
   * statement. It asks functions, not the views over them: a fresh session takes a millisecond to take in a view.
   */
  readonly when?: string;
  readonly run: (context: CheckContext) => Obstacle | undefined | Promise<Obstacle | undefined>;
}

/** What came of a check. */
export interface Checked {
  /** The check's. */
  readonly name: string;
  /** Undefined when all is well. */
  readonly obstacle: Obstacle | undefined;
}
