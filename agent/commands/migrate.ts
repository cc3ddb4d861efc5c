import { type HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import { renderError } from "../errors/render.ts";
import type { Io } from "../lib/io.ts";
import { createRedactor, type Redactor } from "../lib/redact.ts";
import { order } from "../pipeline/order.ts";
import { leaveTermination } from "../report/termination-message.ts";
import type { Context } from "../stages/context.ts";
import { openRendezvous } from "../stages/rendezvous.ts";
import { verdictOf, writeVerdict } from "../stages/verdict.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { createContext } from "./context.ts";
import { databaseOptions } from "./options.ts";
import { runAndReport } from "./run-and-report.ts";

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
  const skip = context.runFolder === undefined ? {} : { smoke: "runs in its own container" };
  const { report, error } = await runAndReport(context, { stages: order, skip }, { args, clean: redactor.clean });
  if (error !== undefined) context.log.error(renderError(error), { id: error.id });
  if (flagArg(args, "json")) io.out(`${JSON.stringify(report)}\n`);
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
