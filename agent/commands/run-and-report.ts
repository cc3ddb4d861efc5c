import type { HeadgateError } from "../errors/headgate-error.ts";
import { toReport } from "../pipeline/outcome.ts";
import { type RunOptions, runStages } from "../pipeline/runner.ts";
import { deliver } from "../report/index.ts";
import { cleanReport, type Report } from "../report/report.ts";
import type { Context } from "../stages/context.ts";
import { type Args, textArg } from "./command.ts";

export interface Run {
  /** Without secrets. */
  readonly report: Report;
  readonly error: HeadgateError | undefined;
}

/** Runs stages, tells every sink whatever happened, and closes the session. */
export async function runAndReport(
  context: Context,
  options: RunOptions,
  { args, clean }: { readonly args: Args; readonly clean: (text: string) => string },
): Promise<Run> {
  const result = await runStages(context, options);
  const report = toReport(context, result);
  const { session, begun } = result.state;
  await deliver({
    report,
    session,
    run: begun?.run,
    clean,
    log: context.log,
    names: context.names,
    pod: context.pod,
    terminationLog: textArg(args, "termination-log"),
    events: context.settings.report.events && ["migrate", "revert"].includes(context.command),
  });
  await session?.close();
  return { report: cleanReport(report, clean), error: result.error };
}
