import { HeadgateError } from "../errors/headgate-error.ts";
import type { Io } from "../lib/io.ts";
import type { Going } from "../stages/going.ts";
import { type Args, flagArg } from "./command.ts";

/** Asks at the terminal before the database is changed; nobody is asked with --yes. Without either it refuses. */
export function consentOf(command: string, args: Args, io: Io): Going["consent"] {
  if (flagArg(args, "yes")) return undefined;
  return async (lines) => {
    io.err(`${lines.join("\n")}\n`);
    const { ask } = io;
    if (ask === undefined) {
      throw new HeadgateError("usage", {
        what: `${command} changes the database, and there is no terminal to ask at`,
        fix: `look at what is listed above, then add --yes`,
        stands: "nothing was changed",
      });
    }
    if ((await ask("Type yes to go on: ")).trim() !== "yes") {
      throw new HeadgateError("usage", { what: "not confirmed", fix: "nothing to do", stands: "nothing was changed" });
    }
  };
}
