import { endRun } from "../history/record.ts";
import { pruneReports } from "../history/runs.ts";
import { reasonOf } from "../lib/reason.ts";
import { boundedReport } from "./bounded.ts";
import { cleanReport, type Report } from "./report.ts";
import type { Delivery, Sink } from "./sink.ts";

/** What jsonb takes: neither NUL nor half a character. Looked for in the text first, for hardly ever there is one. */
export function storedJson(report: Report): string {
  const json = JSON.stringify(report);
  if (!/\\u(?:0000|d[89a-f])/.test(json)) return json;
  return JSON.stringify(report, (_key, value: unknown) =>
    typeof value === "string" ? value.replaceAll("\0", "\uFFFD").toWellFormed() : value,
  );
}

/** More than a run can have added, so that the old ones become fewer. */
const PRUNED = 1_000;

/** Old reports go with a run that has changed something; one that finds nothing to do stays short. */
function prune({ names, report, keepReportsMs }: Delivery): string | undefined {
  const changed = report.applied.length + report.reverted.length;
  if (keepReportsMs === undefined || changed === 0) return undefined;
  return pruneReports(names, { keptMs: keepReportsMs, most: PRUNED + changed });
}

export const runRow: Sink = {
  name: "run-row",
  wanted: ({ session, run }) => session !== undefined && run !== undefined,
  async deliver(delivery) {
    const { session, run, report, names, clean, log } = delivery;
    if (session === undefined || run === undefined) return;
    const json = storedJson(boundedReport(cleanReport(report, clean)));
    const pruning = prune(delivery);
    // Whatever the run was in the middle of, this is a statement of its own.
    await Promise.all([
      session.query("ROLLBACK"),
      session.query(endRun(names, run, { outcome: report.outcome, exitCode: report.exitCode, report: json })),
      pruning === undefined
        ? undefined
        : session.query(pruning).catch((error: unknown) => {
            log.warn(`old reports were not dropped: ${reasonOf(error)}`);
          }),
    ]);
  },
};
