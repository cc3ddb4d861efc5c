import { formatDuration } from "../lib/duration.ts";
import type { Report } from "./report.ts";
import type { Sink } from "./sink.ts";

const names = (list: readonly { readonly name: string }[], noun = "migrations"): string =>
  list.length <= 8 ? list.map((one) => one.name).join(", ") : `${list.length} ${noun}, the last ${list.at(-1)?.name}`;

/** How far it got, for people: what stands, where it ended, what was not reached. */
export function summaryLines(report: Report): string[] {
  const { applied, reverted, ahead, stoppedAt, notReached, fleet, backup } = report;
  const failed = (fleet?.failed ?? []).map(({ schema, exitCode }) => ({ name: `${schema} (${exitCode})` }));
  return [
    ...(backup === undefined ? [] : [`backup before it: ${backup.name} in ${backup.where}`]),
    ...(reverted.length > 0 ? [`taken back by this run: ${names(reverted)}`] : []),
    ...(ahead.length > 0 ? [`still ahead of these files: ${names(ahead.map((name) => ({ name })))}`] : []),
    ...(applied.length > 0 ? [`applied by this run, and standing: ${names(applied)}`] : []),
    ...(failed.length === 0 ? [] : [`failed in: ${names(failed, "schemas")}`]),
    ...(stoppedAt === undefined ? [] : [`ended at: ${stoppedAt}`]),
    ...(notReached.length === 0 ? [] : [`not reached: ${names(notReached.map((name) => ({ name })))}`]),
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
