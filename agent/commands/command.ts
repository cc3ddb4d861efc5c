import type { Io } from "../lib/io.ts";

/** Arguments after parsing; each command reads those that its options declare. */
export type Args = Readonly<Record<string, unknown>>;

export interface Option {
  readonly type: "string" | "boolean";
  readonly describe: string;
  readonly alias?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** May be given more than once. */
  readonly several?: boolean;
  /** Not in the help: the chart passes it, nobody types it. */
  readonly hidden?: boolean;
}

export type Options = Readonly<Record<string, Option>>;

export interface Positional {
  readonly describe: string;
  /** Any number of them. */
  readonly array?: boolean;
  readonly demanded?: boolean;
}

/** One command of the command line. What it takes is data, so that a parser can be chosen for it. */
export interface Command {
  readonly options: Options;
  readonly positionals?: Readonly<Record<string, Positional>>;
  /** A command and what it is for. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Gives the exit code. Rejects with a HeadgateError, which the caller renders. */
  readonly run: (args: Args, io: Io) => Promise<number>;
}

export const textArg = (args: Args, name: string): string | undefined => {
  const value = args[name];
  return typeof value === "string" ? value : undefined;
};

/** The values of an option that may be given more than once. */
export const textArgs = (args: Args, name: string): readonly string[] => {
  const given = args[name];
  return (Array.isArray(given) ? given : [given]).filter((one) => typeof one === "string");
};

export const flagArg = (args: Args, name: string): boolean => args[name] === true;
