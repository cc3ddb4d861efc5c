import yargs, { type Argv } from "yargs";
import type { Chosen } from "./cli.ts";
import type { Args, Command, Option, Positional } from "./commands/command.ts";
import type { Entry } from "./commands/index.ts";
import { agentVersion } from "./commands/version.ts";
import { HeadgateError } from "./errors/headgate-error.ts";
import type { Io } from "./lib/io.ts";

const parser = (): Argv =>
  yargs()
    .scriptName("headgate")
    .usage(
      "$0 COMMAND [options]\n\nPasses a PostgreSQL schema through the gate: before a release, in a pod or at the desk.",
    )
    .parserConfiguration({ "camel-case-expansion": false, "parse-numbers": false, "parse-positional-numbers": false })
    .version(agentVersion)
    .alias("help", "h")
    .strict()
    .demandCommand(1, "name a command")
    .recommendCommands()
    .completion("completion", "print a completion script for bash or zsh")
    .epilogue("The connection comes from DATABASE_URL, else from the PG* variables, never from a flag.")
    .wrap(100)
    .exitProcess(false);

const toYargs = ({ type, describe, alias, choices, default: otherwise, hidden = false }: Option) => ({
  ...{ type, describe, hidden, requiresArg: type === "string" },
  ...(alias === undefined ? {} : { alias }),
  ...(choices === undefined ? {} : { choices }),
  ...(otherwise === undefined ? {} : { default: otherwise }),
});

const usageOf = (name: string, { positionals = {} }: Command): string =>
  [
    name,
    ...Object.entries(positionals).map(([key, { array, demanded }]: [string, Positional]) => {
      const inner = `${key}${array === true ? ".." : ""}`;
      return demanded === true ? `<${inner}>` : `[${inner}]`;
    }),
  ].join(" ");

function declare(sub: Argv, { options, positionals = {}, examples }: Command): Argv {
  for (const [name, { describe }] of Object.entries(positionals)) sub.positional(name, { type: "string", describe });
  for (const [name, option] of Object.entries(options)) sub.option(name, toYargs(option));
  for (const [command, what] of examples) sub.example(command, what);
  return sub;
}

/** Of two values nobody knows which one was meant. */
function refuseTwice({ options }: Command, args: Args): void {
  const [twice] =
    Object.entries(options).find(([key, { several }]) => several !== true && Array.isArray(args[key])) ?? [];
  if (twice === undefined) return;
  throw new HeadgateError("usage", { what: `--${twice} is given more than once`, fix: "give it once" });
}

/**
 * Reads a command line with yargs, which also prints help, version and completion. Undefined when that was all. Rejects
 * with `usage`.
 */
export async function readWithYargs(
  argv: readonly string[],
  entries: readonly Entry[],
  io: Io,
): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  const commands = await Promise.all(entries.map(async ({ load, ...entry }) => ({ ...entry, command: await load() })));
  const withCommands = commands.reduce(
    (chain, { name, describe, command }) =>
      chain.command(
        usageOf(name, command),
        describe,
        (sub: Argv) => declare(sub, command),
        (args: Args) => {
          refuseTwice(command, args);
          chosen = { command, args };
        },
      ),
    parser(),
  );
  await withCommands
    .fail((message, error) => {
      // What yargs itself throws is a mistake on the command line too.
      throw error === undefined || error.name === "YError"
        ? new HeadgateError("usage", { what: message ?? error?.message })
        : error;
    })
    .parseAsync([...argv], {}, (_error, _args, output) => {
      if (output !== "") io.out(`${output}\n`);
    });
  return chosen;
}
