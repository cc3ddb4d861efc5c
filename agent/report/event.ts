import type { EventText } from "../kubernetes/events.ts";
import { count } from "../lib/count.ts";
import { cleanReport, type Report } from "./report.ts";
import type { Sink } from "./sink.ts";

/** More names than these would push the rest out of the note. */
const NAMES = 8;

function said(list: Report["applied"], verb: string): string {
  const all = `${count(list.length, "migration")} ${verb}`;
  if (list.length === 0) return all;
  return list.length <= NAMES
    ? `${all}: ${list.map((one) => one.name).join(", ")}`
    : `${all}, the last ${list.at(-1)?.name}`;
}

function told({ command, applied, reverted, error, exitCode }: Report): string {
  const done = [
    ...(reverted.length === 0 ? [] : [said(reverted, "taken back")]),
    ...(applied.length === 0 ? [] : [said(applied, "applied")]),
  ];
  if (error !== undefined) return [error.what, ...done, `Exit code ${exitCode}`, `Next: ${error.fix}`].join(". ");
  return done.join("; ") || said([], command === "revert" ? "taken back" : "applied");
}

/** The API server keeps 1024 characters of a note. */
export const noteOf = (report: Report): string => {
  const text = told(report);
  return text.length <= 1_000 ? text : `${text.slice(0, 999)}…`;
};

/** A run in an Event's terms. */
export function eventOf(report: Report): EventText {
  const [action, good, bad] =
    report.command === "revert" ? ["Revert", "Reverted", "RevertFailed"] : ["Migrate", "Migrated", "MigrationFailed"];
  const done = report.outcome === "done";
  return { type: done ? "Normal" : "Warning", reason: done ? good : bad, action, note: noteOf(report) };
}

export const event: Sink = {
  name: "event",
  wanted: ({ events, pod }) => events && pod !== undefined && pod.jobName !== "",
  async deliver({ pod, report, clean }) {
    if (pod === undefined) return;
    const { writeEvent } = await import("../kubernetes/events.ts");
    await writeEvent(pod, eventOf(cleanReport(report, clean)));
  },
};
