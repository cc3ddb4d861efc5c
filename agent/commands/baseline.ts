import { HeadgateError } from "../errors/headgate-error.ts";
import { baseline as baselineStage } from "../stages/baseline.ts";
import { runByHand } from "./by-hand.ts";
import { type Command, textArg } from "./command.ts";
import { databaseOptions, signingOption, text, yesOption } from "./options.ts";

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
    const after = ["wait", "preflight", "plan"] as const;
    return await runByHand({ name: "baseline", after, stage: baselineStage(to) }, args, io);
  },
};
