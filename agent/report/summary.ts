import { count } from "../lib/count.ts";
import { MOST_NAMES } from "../lib/names.ts";
import type { Report } from "./report.ts";

function said(list: Report["applied"], verb: string): string {
  const all = `${count(list.length, "migration")} ${verb}`;
  if (list.length === 0) return all;
  return list.length <= MOST_NAMES
    ? `${all}: ${list.map((one) => one.name).join(", ")}`
    : `${all}, the last ${list.at(-1)?.name}`;
}

function nothingDone({ command, stages }: Report): string {
  if (command === "migrate") return said([], "applied");
  if (command === "revert") return said([], "taken back");
  return stages.findLast(({ status }) => status === "ok")?.summary ?? "done";
}

/** A run in a few sentences, for people: what was done; or what happened, what was done before, what to do next. */
export function summaryOf(report: Report): string {
  const { applied, reverted, error, exitCode } = report;
  const done = [
    ...(reverted.length === 0 ? [] : [said(reverted, "taken back")]),
    ...(applied.length === 0 ? [] : [said(applied, "applied")]),
  ];
  if (error !== undefined) return [error.what, ...done, `Exit code ${exitCode}`, `Next: ${error.fix}`].join(". ");
  return done.join("; ") || nothingDone(report);
}
