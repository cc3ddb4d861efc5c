import { HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import type { Redactor } from "../lib/redact.ts";
import { order } from "../pipeline/order.ts";
import { toReport } from "../pipeline/outcome.ts";
import { runStages } from "../pipeline/runner.ts";
import { deliver } from "../report/index.ts";
import { cleanReport, type Report } from "../report/report.ts";
import { leaveTermination } from "../report/termination-message.ts";
import type { Context } from "../stages/context.ts";
import { awaitEnd } from "../stages/rendezvous.ts";
import { readVerdict } from "../stages/verdict.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions } from "./options.ts";

/** Containers of a pod start one after another, about a second each; a minute is a node in trouble. */
const START_MS = 60_000;

/** Waits for the container `migrate`. True when it ended well; false when it failed for sure and there is nothing to test. */
async function migrateEndedWell(context: Context, folder: string): Promise<boolean> {
  const verdictThere = async () => (await readVerdict(folder, "migrate")) !== undefined;
  const end = await awaitEnd(folder, START_MS, { signal: context.signal, verdictThere });
  if (end === "never") {
    throw new HeadgateError("migrate-never-started", {
      what: `the container migrate did not start in ${START_MS / 1_000} s`,
    });
  }
  const verdict = await readVerdict(folder, "migrate");
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

async function test(
  context: Context,
  redactor: Redactor,
  args: Args,
): Promise<{ exitCode: number; error: HeadgateError | undefined; report: Report }> {
  const stages = order.filter((stage) => stage.name === "wait" || stage.name === "smoke");
  const result = await runStages(context, { stages });
  const report = toReport(context, result);
  await deliver({
    report,
    log: context.log,
    names: context.names,
    pod: context.pod,
    session: undefined,
    run: undefined,
    terminationLog: textArg(args, "termination-log"),
    events: false,
    clean: redactor.clean,
  });
  await result.state.session?.close();
  return { exitCode: report.exitCode, error: result.error, report };
}

export const smoke: Command = {
  options: (yargs) =>
    databaseOptions(yargs).example("headgate smoke -f values.yaml", "are the expectations under smoke: met?"),
  run: async (args, io) =>
    await withContext("smoke", { args, io }, async (context, redactor) => {
      if (!(await mayTest(context, redactor, args))) return 0;
      const { error, report, exitCode } = await test(context, redactor, args);
      if (flagArg(args, "json")) io.out(`${JSON.stringify(cleanReport(report, redactor.clean))}\n`);
      if (error !== undefined) throw error;
      return exitCode;
    }),
};
