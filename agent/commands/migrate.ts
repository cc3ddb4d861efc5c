import { type HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import { renderError } from "../errors/render.ts";
import type { Io } from "../lib/io.ts";
import { createRedactor, type Redactor } from "../lib/redact.ts";
import { order } from "../pipeline/order.ts";
import { toReport } from "../pipeline/outcome.ts";
import { runStages } from "../pipeline/runner.ts";
import { deliver } from "../report/index.ts";
import { cleanReport, type Report } from "../report/report.ts";
import { leaveTermination } from "../report/termination-message.ts";
import type { Context } from "../stages/context.ts";
import { openRendezvous } from "../stages/rendezvous.ts";
import { verdictOf, writeVerdict } from "../stages/verdict.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { createContext } from "./context.ts";
import { databaseOptions } from "./options.ts";

interface Run {
  readonly report: Report;
  readonly error: HeadgateError | undefined;
}

async function runPipeline(context: Context, args: Args, redactor: Redactor): Promise<Run> {
  const skip = context.runFolder === undefined ? {} : { smoke: "runs in its own container" };
  const result = await runStages(context, { stages: order, skip });
  const report = toReport(context, result);
  await deliver({
    report,
    log: context.log,
    names: context.names,
    pod: context.pod,
    session: result.state.session,
    run: result.state.run,
    terminationLog: textArg(args, "termination-log"),
    events: context.settings.report.events,
    clean: redactor.clean,
  });
  await result.state.session?.close();
  if (result.error !== undefined) context.log.error(renderError(result.error), { id: result.error.id });
  return { report, error: result.error };
}

/** Settings that cannot be read end the run before there is a context; the pod has to learn of it all the same. */
async function runWithout(error: HeadgateError, args: Args, tools: { io: Io; redactor: Redactor }): Promise<void> {
  tools.io.err(`error  ${tools.redactor.clean(renderError(error))}\n`);
  await leaveTermination(textArg(args, "termination-log"), error, tools.redactor.clean);
}

async function run(args: Args, io: Io): Promise<HeadgateError | undefined> {
  const redactor = createRedactor();
  let context: Context;
  try {
    context = await createContext("migrate", args, { io, redactor });
  } catch (caught) {
    const error = toHeadgateError(caught);
    await runWithout(error, args, { io, redactor });
    return error;
  }
  const { report, error } = await runPipeline(context, args, redactor);
  if (flagArg(args, "json")) io.out(`${JSON.stringify(cleanReport(report, redactor.clean))}\n`);
  return error;
}

export const migrate: Command = {
  options: (yargs) =>
    databaseOptions(yargs).example(
      "headgate migrate --dir migrations",
      "checks, applies what is pending, verifies, smoke-tests",
    ),
  async run(args, io) {
    const runFolder = textArg(args, "run");
    if (runFolder === undefined) return (await run(args, io))?.exitCode ?? 0;
    const startedAt = Date.now();
    const close = await openRendezvous(runFolder);
    const error = await run(args, io);
    await writeVerdict(runFolder, "migrate", verdictOf(startedAt, error));
    await close();
    return error?.exitCode ?? 0;
  },
};
