import { type HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import { renderError } from "../errors/render.ts";
import type { Io } from "../lib/io.ts";
import { createRedactor, type Redactor } from "../lib/redact.ts";
import type { RunOptions } from "../pipeline/runner.ts";
import { leaveTermination } from "../report/termination-message.ts";
import type { Context } from "../stages/context.ts";
import { type Args, flagArg, textArg } from "./command.ts";
import { createContext } from "./context.ts";
import { isOverFleet, overFleet } from "./over-fleet.ts";
import { recordMember, runAndReport } from "./run-and-report.ts";

/** Settings that cannot be read end the run before there is a context; the pod has to learn of it all the same. */
async function runWithout(error: HeadgateError, args: Args, tools: { io: Io; redactor: Redactor }): Promise<void> {
  tools.io.err(`error  ${tools.redactor.clean(renderError(error))}\n`);
  await leaveTermination(textArg(args, "termination-log"), error, tools.redactor.clean);
}

export interface StagedCommand {
  readonly name: string;
  /** The context as this command wants it; throws `usage` on arguments that do not fit together. */
  readonly adapt?: (context: Context) => Context;
  readonly options: (context: Context) => RunOptions;
}

/** Runs a command that changes the database: stages, report, and `--json`. Gives the error it ended with. */
export async function runStaged(command: StagedCommand, args: Args, io: Io): Promise<HeadgateError | undefined> {
  const redactor = createRedactor();
  let context: Context;
  try {
    const made = await createContext(command.name, args, { io, redactor });
    context = command.adapt?.(made) ?? made;
  } catch (caught) {
    const error = toHeadgateError(caught);
    await runWithout(error, args, { io, redactor });
    return error;
  }
  const options = isOverFleet(context)
    ? await overFleet(command.options(context), recordMember(redactor.clean))
    : command.options(context);
  const { report, error } = await runAndReport(context, options, { args, io, redactor });
  if (error !== undefined) context.log.error(renderError(error), { id: error.id });
  if (flagArg(args, "json")) io.out(`${JSON.stringify(report)}\n`);
  return error;
}
