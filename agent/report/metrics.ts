import { driftCount, type Report } from "./report.ts";
import type { Delivery } from "./sink.ts";

/** What a run's metrics are made of: its report, or what is left of it. */
export type Told = Pick<
  Report,
  "command" | "startedAt" | "stoppedAt" | "notReached" | "fleet" | "backup" | "drift" | "schema" | "leftOut"
> & {
  readonly outcome: Report["outcome"] | "running";
  readonly exitCode: number | undefined;
  readonly durationMs: number | undefined;
  readonly applied: { readonly length: number } | undefined;
  readonly reverted: { readonly length: number } | undefined;
};

export interface Metric {
  /** As Prometheus has it: the unit stands at its end. */
  readonly name: string;
  /** What it says, without a full stop. */
  readonly help: string;
  /** In UCUM, for OpenTelemetry; empty for a number of things. */
  readonly unit: "s" | "By" | "";
  /** Its label whichever command tells it: the last word is one for all of them. */
  readonly command?: string;
  /** Undefined where the run does not tell: what was known before stays. */
  readonly value: (run: Told) => number | undefined;
}

const seconds = (ms: number): number => ms / 1_000;

/** Undefined before its end, and where nobody knows when it began. */
function endOf({ startedAt, durationMs = Number.NaN }: Told): number | undefined {
  const end = Date.parse(startedAt) + durationMs;
  return Number.isNaN(end) ? undefined : seconds(end);
}

function pendingOf({ outcome, stoppedAt, notReached, fleet, command }: Told): number | undefined {
  if (command !== "migrate" || fleet !== undefined) return undefined;
  if (outcome === "done") return 0;
  // A run that failed before it had a plan does not know.
  return stoppedAt === undefined ? undefined : 1 + notReached.length;
}

/** What a run has recorded is known from then on. One of a fleet has seen only the schemas that it had work in. */
function driftOf({ fleet, schema, command, outcome, ...rest }: Told): number | undefined {
  if (fleet !== undefined) return undefined;
  if (schema !== undefined || (command === "accept" && outcome === "done")) return 0;
  return driftCount(rest);
}

/** Every metric. The text format, OpenTelemetry's metrics and docs/sinks.md are made of this, the alerts and the dashboard tested against it. */
export const metrics: readonly Metric[] = [
  { name: "headgate_run_timestamp_seconds", help: "When the last run ended", unit: "s", value: endOf },
  {
    name: "headgate_run_success_timestamp_seconds",
    help: "When the last run that ended well did so",
    unit: "s",
    value: (run) => (run.outcome === "done" ? endOf(run) : undefined),
  },
  {
    name: "headgate_run_failed",
    help: "1 when the last run failed, 0 when it ended well or was stopped cleanly",
    unit: "",
    value: ({ outcome }) => (outcome === "running" ? undefined : Number(outcome === "failed")),
  },
  { name: "headgate_run_exit_code", help: "Exit code of the last run", unit: "", value: ({ exitCode }) => exitCode },
  {
    name: "headgate_run_duration_seconds",
    help: "How long the last run took",
    unit: "s",
    value: ({ durationMs }) => (durationMs === undefined ? undefined : seconds(durationMs)),
  },
  {
    name: "headgate_run_applied_migrations",
    help: "Migrations that the last run applied",
    unit: "",
    value: ({ applied }) => applied?.length,
  },
  {
    name: "headgate_run_reverted_migrations",
    help: "Migrations that the last run took back",
    unit: "",
    value: ({ reverted }) => reverted?.length,
  },
  {
    name: "headgate_run_pending_migrations",
    help: "Migrations that the last run left to do",
    unit: "",
    value: pendingOf,
  },
  {
    name: "headgate_run_backup_bytes",
    help: "Size of the last backup that a run made",
    unit: "By",
    value: ({ backup }) => backup?.bytes,
  },
  {
    name: "headgate_run_drift_objects",
    help: "Objects of the schema that differ from what the last run left",
    unit: "",
    command: "verify",
    value: driftOf,
  },
];

/** The labels of every metric, in this order. */
export const labelNames = ["release", "namespace", "target", "command"] as const;

export type Labels = Readonly<Record<(typeof labelNames)[number], string>>;

/** At the desk, release and namespace are empty. */
export const labelsOf = ({ report, outside }: Delivery): Labels => ({
  release: report.release?.name ?? "",
  namespace: report.release?.namespace ?? "",
  target: outside?.target ?? "",
  command: report.command,
});

export interface Sample {
  readonly metric: Metric;
  readonly labels: Labels;
  readonly value: number;
}

/** What a run tells, in the table's order. */
export const measured = (run: Told, labels: Labels): Sample[] =>
  metrics.flatMap((metric) => {
    const value = metric.value(run);
    return value === undefined
      ? []
      : [{ metric, value, labels: { ...labels, command: metric.command ?? labels.command } }];
  });
