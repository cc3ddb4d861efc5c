import type { Names } from "../history/schema.ts";
import type { Log } from "../lib/log.ts";
import type { Session } from "../postgres/session.ts";
import type { Pod } from "../settings/release.ts";
import type { Settings } from "../settings/settings.ts";
import type { Report } from "./report.ts";

/** A URL that is a secret, and where it was looked for. */
export interface SecretUrl {
  readonly from: string;
  /** Undefined when it was not there. */
  readonly url: string | undefined;
}

/** Whom a run tells beside its own database, log and pod. */
export interface Outside {
  readonly settings: Settings["report"];
  /** Name of the set of migrations. */
  readonly target: string;
  readonly webhook: SecretUrl | undefined;
  readonly slack: SecretUrl | undefined;
  /** The environment, for OTEL_* and TRACEPARENT. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

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
  /** Undefined for one schema of a fleet: the whole fleet tells once. */
  readonly outside: Outside | undefined;
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
  /** Gives up when the signal aborts: nobody waits for it any more then. */
  readonly deliver: (delivery: Delivery, signal: AbortSignal) => Promise<void>;
}
