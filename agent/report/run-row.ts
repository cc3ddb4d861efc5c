import { endRun } from "../history/record.ts";
import { cleanReport } from "./report.ts";
import type { Sink } from "./sink.ts";

export const runRow: Sink = {
  name: "run-row",
  wanted: ({ session, run }) => session !== undefined && run !== undefined,
  async deliver({ session, run, report, names, clean }) {
    if (session === undefined || run === undefined) return;
    const json = JSON.stringify(cleanReport(report, clean));
    // Whatever the run was in the middle of, this is a statement of its own.
    await Promise.all([
      session.query("ROLLBACK"),
      session.query(endRun(names, run, { outcome: report.outcome, exitCode: report.exitCode, report: json })),
    ]);
  },
};
