import type { Account } from "./account.ts";
import { type Labels, labelNames, measured, metrics, type Sample, type Told } from "./metrics.ts";

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

/** A metric with its labels, as it stands at the beginning of its line. */
const series = (name: string, labels: Labels): string =>
  `${name}{${labelNames.map((label) => `${label}="${escaped(labels[label])}"`).join(",")}}`;

const LINE = /^((headgate_\w+)\{.*\}) \S+$/;

/** The lines of an earlier text, by series, of metrics that there are. */
function linesOf(text: string): [series: string, line: string][] {
  return text.split("\n").flatMap((line): [string, string][] => {
    const [, key, name] = LINE.exec(line) ?? [];
    return key !== undefined && metrics.some((metric) => metric.name === name) ? [[key, line]] : [];
  });
}

/** Samples in Prometheus' text format, and of an earlier text what they do not say anew. */
export function samplesText(samples: readonly Sample[], earlier = ""): string {
  const lines = new Map(linesOf(earlier));
  for (const { metric, labels, value } of samples) {
    const key = series(metric.name, labels);
    lines.set(key, `${key} ${value}`);
  }
  const sorted = [...lines.values()].toSorted();
  const blocks = metrics.flatMap(({ name, help }) => {
    const own = sorted.filter((line) => line.startsWith(`${name}{`));
    return own.length === 0 ? [] : [`# HELP ${name} ${help}.`, `# TYPE ${name} gauge`, ...own];
  });
  return `${blocks.join("\n")}\n`;
}

/** A run. Of an earlier text the last success outlives a failure, and what other releases and commands wrote stays. */
export const prometheusText = (run: Told, labels: Labels, earlier = ""): string =>
  samplesText(measured(run, labels), earlier);

/** What the row and the history tell of a run whose report is not kept. Of a fleet they do not name its migrations. */
function toldOf({ report, command, outcome, exitCode, startedAt, durationMs, migrations }: Account): Told {
  if (report.command !== "") return report;
  const going = (direction: "up" | "down") =>
    migrations.length === 0 ? undefined : migrations.filter((one) => one.direction === direction);
  return {
    ...{ ...report, command, outcome, exitCode, startedAt, durationMs },
    ...{ applied: going("up"), reverted: going("down") },
  };
}

/** A run of the record, as it would have been written at its end. */
export function prometheusReport(account: Account): string {
  const { command, target = "", release } = account;
  const labels = { release: release?.name ?? "", namespace: release?.namespace ?? "", target, command };
  return prometheusText(toldOf(account), labels);
}
