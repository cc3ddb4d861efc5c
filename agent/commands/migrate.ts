import { order } from "../pipeline/order.ts";
import { openRendezvous } from "../stages/rendezvous.ts";
import { verdictOf, writeVerdict } from "../stages/verdict.ts";
import { type Command, textArg } from "./command.ts";
import { databaseOptions, reportOption, signingOption } from "./options.ts";
import { runStaged, type StagedCommand } from "./run-stages.ts";

const staged: StagedCommand = {
  name: "migrate",
  options: ({ runFolder }) => ({
    stages: order,
    skip: runFolder === undefined ? {} : { smoke: "runs in its own container" },
  }),
};

export const migrate: Command = {
  options: { ...databaseOptions, ...signingOption, ...reportOption },
  examples: [["headgate migrate --dir migrations", "checks, applies what is pending, verifies, smoke-tests"]],
  async run(args, io) {
    const runFolder = textArg(args, "run");
    if (runFolder === undefined) return (await runStaged(staged, args, io))?.exitCode ?? 0;
    const startedAt = Date.now();
    const close = await openRendezvous(runFolder);
    const error = await runStaged(staged, args, io);
    await writeVerdict(runFolder, "migrate", verdictOf(startedAt, error));
    await close();
    return error?.exitCode ?? 0;
  },
};
