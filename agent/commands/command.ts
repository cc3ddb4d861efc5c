import type { Argv } from "yargs";
import type { Io } from "../lib/io.ts";

/** Arguments after yargs; each command reads those that its options declare. */
export type Args = Readonly<Record<string, unknown>>;

/** One command of the command line. */
export interface Command {
  /** Declares positionals, options and an example. */
  readonly options: (yargs: Argv) => Argv;
  /** Gives the exit code. Rejects with a HeadgateError, which the caller renders. */
  readonly run: (args: Args, io: Io) => Promise<number>;
}

export const textArg = (args: Args, name: string): string | undefined => {
  const value = args[name];
  return typeof value === "string" ? value : undefined;
};

export const flagArg = (args: Args, name: string): boolean => args[name] === true;
