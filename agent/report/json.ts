import type { Account } from "./account.ts";

/** For programs: the run, its report as `migrate --json` gives it, and what the history knows of its migrations. */
export function jsonReport({ report, migrations, notes, ...run }: Account): string {
  // A report that is not kept is none.
  const kept = report.command === "" ? null : report;
  return `${JSON.stringify({ run, report: kept, migrations, notes })}\n`;
}
