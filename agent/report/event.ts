import { count } from "../lib/count.ts";
import { cleanReport, type Report } from "./report.ts";
import type { Sink } from "./sink.ts";

/** The API server keeps 1024 characters of a note. */
export const noteOf = (report: Report): string => {
  const text =
    report.error === undefined
      ? `${count(report.applied.length, "migration")} applied: ${report.applied.map((one) => one.name).join(", ")}`
      : `${report.error.what}. Exit code ${report.exitCode}. Next: ${report.error.fix}`;
  return text.length <= 1_000 ? text : `${text.slice(0, 999)}…`;
};

export const event: Sink = {
  name: "event",
  wanted: ({ events, pod }) => events && pod !== undefined && pod.jobName !== "",
  async deliver({ pod, report, clean }) {
    if (pod === undefined) return;
    const { writeEvent } = await import("../kubernetes/events.ts");
    await writeEvent(pod, {
      type: report.outcome === "done" ? "Normal" : "Warning",
      reason: report.outcome === "done" ? "Migrated" : "MigrationFailed",
      note: noteOf(cleanReport(report, clean)),
    });
  },
};
