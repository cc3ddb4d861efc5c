import { HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Io } from "../lib/io.ts";
import { plainLine } from "../lib/plain.ts";
import type { Redactor } from "../lib/redact.ts";
import { order } from "../pipeline/order.ts";
import type { Report } from "../report/report.ts";
import { leaveTermination } from "../report/termination-message.ts";
import type { Context } from "../stages/context.ts";
import { awaitEnd } from "../stages/rendezvous.ts";
import { readVerdict } from "../stages/verdict.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, reportOption } from "./options.ts";
import { isOverFleet, overFleet } from "./over-fleet.ts";
import { recordMember, runAndReport } from "./run-and-report.ts";
import { table } from "./table.ts";

/** Containers of a pod start one after another, about a second each; a minute is a node in trouble. */
const START_MS = 60_000;

/** Waits for the container `migrate`. True when it ended well; false when it failed for sure and there is nothing to test. */
async function migrateEndedWell(context: Context, folder: string): Promise<boolean> {
  const verdictThere = () => readVerdict(folder, "migrate") !== undefined;
  const end = await awaitEnd(folder, START_MS, { signal: context.signal, verdictThere });
  if (end === "never") {
    throw new HeadgateError("migrate-never-started", {
      what: `the container migrate did not start in ${START_MS / 1_000} s`,
    });
  }
  const verdict = readVerdict(folder, "migrate");
  if (verdict === undefined) {
    throw new HeadgateError("migrate-died", {
      what: "the container migrate ended without a verdict: killed, most likely for memory",
    });
  }
  if (verdict.exitCode === 0) return true;
  context.log.info(`not run: migrate ended with ${verdict.exitCode}`);
  return false;
}

/** False when there is nothing to test. Whatever ends it here has no report, and the pod has to show it all the same. */
async function mayTest(context: Context, redactor: Redactor, args: Args): Promise<boolean> {
  if (context.runFolder === undefined) return true;
  try {
    return await migrateEndedWell(context, context.runFolder);
  } catch (error) {
    await leaveTermination(textArg(args, "termination-log"), toHeadgateError(error), redactor.clean);
    throw error;
  }
}

/** Each with its time; a long query in one line. */
function print(expectations: NonNullable<Report["expectations"]>, io: Io): void {
  const rows = expectations.map(({ what, met, durationMs }) => [
    met ? "met" : "NOT MET",
    formatDuration(durationMs),
    plainLine(what).slice(0, 120),
  ]);
  if (rows.length > 0) io.out(`${table(rows)}\n`);
}

export const smoke: Command = {
  options: { ...databaseOptions, ...reportOption },
  examples: [["headgate smoke -f values.yaml", "are the expectations under smoke: met?"]],
  run: async (args, io) =>
    await withContext("smoke", { args, io }, async (context, redactor) => {
      if (!(await mayTest(context, redactor, args))) return 0;
      const stages = order.filter((stage) => stage.name === "wait" || stage.name === "smoke");
      const options = isOverFleet(context) ? await overFleet({ stages }, recordMember(redactor.clean)) : { stages };
      const { report, error } = await runAndReport(context, options, { args, io, redactor });
      if (flagArg(args, "json")) io.out(`${JSON.stringify(report)}\n`);
      else print(report.expectations ?? [], io);
      if (error !== undefined) throw error;
      return report.exitCode;
    }),
};
