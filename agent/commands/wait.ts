import { HeadgateError, toHeadgateError } from "../errors/headgate-error.ts";
import { renderError } from "../errors/render.ts";
import type { Io } from "../lib/io.ts";
import { createRedactor, type Redactor } from "../lib/redact.ts";
import { describeConnection } from "../postgres/connection.ts";
import { verdictOf, writeVerdict } from "../stages/verdict.ts";
import { openWorkSession } from "../stages/wait.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { createContext } from "./context.ts";
import { databaseOptions } from "./options.ts";

async function waitOnce(args: Args, io: Io, redactor: Redactor): Promise<HeadgateError | undefined> {
  try {
    const context = await createContext("wait", args, { io, redactor });
    const session = await openWorkSession(context, true);
    await session.close();
    context.log.info(
      `${describeConnection(session.connection)} answers and takes writes: PostgreSQL ${session.facts.versionText}`,
    );
    return undefined;
  } catch (caught) {
    const error = io.stop.aborted
      ? new HeadgateError("stopped", { what: "told to stop while waiting" })
      : toHeadgateError(caught);
    io.err(redactor.clean(`error  ${renderError(error)}\n`));
    return error;
  }
}

export const wait: Command = {
  options: databaseOptions,
  examples: [["headgate wait -f values.yaml", "until the database answers and takes writes, or wait.timeout"]],
  async run(args, io) {
    const startedAt = Date.now();
    const redactor = createRedactor();
    const error = await waitOnce(args, io, redactor);
    const verdict = verdictOf(startedAt, error);
    if (flagArg(args, "json")) io.out(`${redactor.clean(JSON.stringify(verdict))}\n`);
    const runFolder = textArg(args, "run");
    if (runFolder === undefined) return error?.exitCode ?? 0;
    // Helm never prints the log of an init container, so the container migrate tells it, with this code.
    await writeVerdict(runFolder, "wait", verdict);
    return error?.id === "stopped" ? error.exitCode : 0;
  },
};
