import type { HeadgateError } from "../errors/headgate-error.ts";
import { parseDuration } from "../lib/duration.ts";
import { collectAfter } from "../lib/garbage.ts";
import { quiet } from "../lib/log.ts";
import { type RunOptions, type RunResult, runStages } from "../pipeline/runner.ts";
import { cleanReport, type Report } from "../report/report.ts";
import type { Context } from "../stages/context.ts";
import { textArg, textArgs } from "./command.ts";
import { outsideOf, type Tools } from "./outside.ts";

export interface Run {
  /** Without secrets. */
  readonly report: Report;
  readonly error: HeadgateError | undefined;
}

/** Loaded late: by then the server has had its questions. */
async function reporting() {
  const [{ toReport }, { deliver }] = await Promise.all([
    import("../pipeline/outcome.ts"),
    import("../report/index.ts"),
  ]);
  return { toReport, deliver };
}

/** Ends the row of a run in one schema of a fleet; the other sinks hear of the whole fleet at its end. */
export const recordMember =
  (clean: (text: string) => string) =>
  async (context: Context, result: RunResult): Promise<void> => {
    const { toReport, deliver } = await reporting();
    await deliver({
      report: toReport(context, result),
      session: result.state.session,
      run: result.state.begun?.run,
      clean,
      log: quiet(context.log),
      names: context.names,
      pod: context.pod,
      terminationLog: undefined,
      outside: undefined,
      files: [],
      keepReportsMs: undefined,
    });
  };

/** Runs stages. What they knew of thousands of migrations ends with this function: only what is told of them is left. */
async function run(context: Context, options: RunOptions) {
  const result = await runStages(context, options);
  const { toReport } = await reporting();
  const { session, begun } = result.state;
  return { report: toReport(context, result), session, run: begun?.run, error: result.error };
}

/** Runs stages, tells every sink whatever happened, and closes the session. */
export async function runAndReport(context: Context, options: RunOptions, tools: Tools): Promise<Run> {
  const { clean } = tools.redactor;
  const outside = outsideOf(context, tools);
  const { report, error, ...row } = await run(context, options);
  // The texts of a long report take the room of what is no longer used.
  collectAfter(report.applied.length + report.reverted.length);
  const { deliver } = await reporting();
  const { settings, command } = context;
  const { keep } = settings.history.reports;
  const changes = ["migrate", "revert"].includes(command);
  await deliver({
    report,
    ...row,
    clean,
    log: context.log,
    names: context.names,
    pod: context.pod,
    terminationLog: textArg(tools.args, "termination-log"),
    outside,
    files: changes || textArgs(tools.args, "report").length > 0 ? settings.report.files : [],
    keepReportsMs: keep === "" ? undefined : parseDuration(keep),
  });
  row.session?.leave();
  return { report: cleanReport(report, clean), error };
}
