import { formatDuration } from "../lib/duration.ts";
import { namesText } from "../lib/names.ts";
import type { Report } from "./report.ts";
import type { Sink } from "./sink.ts";

const migrations = (list: readonly { readonly name: string }[]): string =>
  namesText(
    list.map((one) => one.name),
    "migrations",
  );

/** How far it got, for people: what stands, where it ended, what was not reached. */
export function summaryLines(report: Report): string[] {
  const { applied, reverted, ahead, stoppedAt, notReached, fleet, backup } = report;
  const failed = (fleet?.failed ?? []).map(({ schema, exitCode }) => `${schema} (${exitCode})`);
  return [
    ...(backup === undefined ? [] : [`backup before it: ${backup.name} in ${backup.where}`]),
    ...(reverted.length > 0 ? [`taken back by this run: ${migrations(reverted)}`] : []),
    ...(ahead.length > 0 ? [`still ahead of these files: ${namesText(ahead, "migrations")}`] : []),
    ...(applied.length > 0 ? [`applied by this run, and standing: ${migrations(applied)}`] : []),
    ...(failed.length === 0 ? [] : [`failed in: ${namesText(failed, "schemas")}`]),
    ...(stoppedAt === undefined ? [] : [`ended at: ${stoppedAt}`]),
    ...(notReached.length === 0 ? [] : [`not reached: ${namesText(notReached, "migrations")}`]),
    `${report.outcome}, exit code ${report.exitCode}, after ${formatDuration(report.durationMs)}`,
  ];
}

export const logSummary: Sink = {
  name: "log",
  wanted: () => true,
  async deliver({ report, log }) {
    for (const line of summaryLines(report).slice(0, -1)) log.info(line);
    log.info(summaryLines(report).at(-1) ?? "", { report });
  },
};
