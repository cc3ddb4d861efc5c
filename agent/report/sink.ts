import type { Names } from "../history/schema.ts";
import type { Log } from "../lib/log.ts";
import type { Session } from "../postgres/session.ts";
import type { Pod } from "../settings/release.ts";
import type { Report } from "./report.ts";

export interface Delivery {
  readonly report: Report;
  readonly log: Log;
  readonly names: Names;
  readonly pod: Pod | undefined;
  /** The work connection, if there is one that may still live. */
  readonly session: Session | undefined;
  /** Id of the row in headgate.run. */
  readonly run: string | undefined;
  /** Path of the container's termination message. */
  readonly terminationLog: string | undefined;
  readonly events: boolean;
  /** Files that the report is written into, each as its ending says. */
  readonly files: readonly string[];
  /** Reports of runs that ended longer ago are dropped; undefined: none are. */
  readonly keepReportsMs: number | undefined;
  /** Blanks out secrets. */
  readonly clean: (text: string) => string;
}

/** One place that gets told. It may fail: that costs one warning and never changes the outcome. */
export interface Sink {
  readonly name: string;
  readonly wanted: (delivery: Delivery) => boolean;
  readonly deliver: (delivery: Delivery) => Promise<void>;
}
