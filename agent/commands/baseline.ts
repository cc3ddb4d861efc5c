import { HeadgateError } from "../errors/headgate-error.ts";
import { order } from "../pipeline/order.ts";
import { baseline as baselineStage } from "../stages/baseline.ts";
import { ontoFiles } from "../stages/going.ts";
import { type Command, textArg } from "./command.ts";
import { consentOf } from "./consent.ts";
import { databaseOptions, signingOption, text, yesOption } from "./options.ts";
import { runStaged } from "./run-stages.ts";

export const baseline: Command = {
  options: {
    ...databaseOptions,
    ...signingOption,
    ...yesOption,
    to: text("the newest migration that the database has already"),
  },
  examples: [["headgate baseline --to 012_invoices", "adopt a database that was there before Headgate"]],
  async run(args, io) {
    const to = textArg(args, "to");
    if (to === undefined) throw new HeadgateError("usage", { what: "baseline wants --to NAME" });
    const stages = [...order.filter(({ name }) => ["wait", "preflight", "plan"].includes(name)), baselineStage(to)];
    const error = await runStaged(
      {
        name: "baseline",
        adapt: (context) => ({ ...context, going: { ...ontoFiles, consent: consentOf("baseline", args, io) } }),
        options: () => ({ stages }),
      },
      args,
      io,
    );
    return error?.exitCode ?? 0;
  },
};
