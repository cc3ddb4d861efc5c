import type { EventText } from "../kubernetes/events.ts";
import { cutBytes } from "../lib/cut.ts";
import { isNews, outward } from "./outward.ts";
import type { Report } from "./report.ts";
import type { Sink } from "./sink.ts";
import { summaryOf } from "./summary.ts";

/** The API server refuses a note of more bytes. */
const MOST_BYTES = 1_024;

export const noteOf = (report: Report): string => cutBytes(summaryOf(report), MOST_BYTES);

const reasons: Readonly<Record<string, readonly [good: string, bad: string]>> = {
  migrate: ["Migrated", "MigrationFailed"],
  revert: ["Reverted", "RevertFailed"],
};

/** A run in an Event's terms. */
export function eventOf(report: Report): EventText {
  const { command, outcome } = report;
  const action = `${command.charAt(0).toUpperCase()}${command.slice(1)}`;
  const [good, bad] = reasons[command] ?? [`${action}Done`, `${action}Failed`];
  const done = outcome === "done";
  return { type: done ? "Normal" : "Warning", reason: done ? good : bad, action, note: noteOf(report) };
}

export const event: Sink = {
  name: "event",
  wanted: ({ outside, pod, report }) =>
    outside?.settings.events === true && pod !== undefined && pod.jobName !== "" && isNews(report),
  async deliver({ outside, pod, report, clean }, signal) {
    if (pod === undefined || outside === undefined) return;
    const { writeEvents } = await import("../kubernetes/events.ts");
    await writeEvents(pod, eventOf(outward({ report, clean })), { on: outside.settings.eventsOn, signal });
  },
};
