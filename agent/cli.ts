import yargs, { type Argv } from "yargs";
import type { Args, Command } from "./commands/command.ts";
import { agentVersion } from "./commands/version.ts";
import { HeadgateError, toHeadgateError } from "./errors/headgate-error.ts";
import { renderError } from "./errors/render.ts";
import type { Io } from "./lib/io.ts";

interface Entry {
  readonly usage: string;
  readonly describe: string;
  readonly load: () => Promise<Command>;
}

// Each command is loaded when it is asked for: `explain` needs no database driver.
const commands: readonly Entry[] = [
  {
    usage: "new <name>",
    describe: "start a migration file",
    load: async () => (await import("./commands/new.ts")).newMigration,
  },
  {
    usage: "compile",
    describe: "check the migration files and write their manifest",
    load: async () => (await import("./commands/compile.ts")).compile,
  },
  {
    usage: "plan",
    describe: "show what would be applied, and the locks it takes",
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    usage: "status",
    describe: "show what is applied and what is pending",
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    usage: "wait",
    describe: "wait until the database answers and takes writes",
    load: async () => (await import("./commands/wait.ts")).wait,
  },
  {
    usage: "migrate",
    describe: "check, apply what is pending, verify, smoke-test",
    load: async () => (await import("./commands/migrate.ts")).migrate,
  },
  {
    usage: "revert",
    describe: "take migrations back, with the down SQL that the database keeps",
    load: async () => (await import("./commands/revert.ts")).revert,
  },
  {
    usage: "repair [names..]",
    describe: "show what stopped part-way, and settle it",
    load: async () => (await import("./commands/repair.ts")).repair,
  },
  {
    usage: "baseline",
    describe: "record that a database has migrations already",
    load: async () => (await import("./commands/baseline.ts")).baseline,
  },
  {
    usage: "verify",
    describe: "compare the database's history with the files",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    usage: "smoke",
    describe: "test the expectations of the values",
    load: async () => (await import("./commands/smoke.ts")).smoke,
  },
  {
    usage: "explain [code]",
    describe: "explain an error or an exit code",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
];

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

/** argv to exit code. Never rejects. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let chosen: { readonly load: Entry["load"]; readonly args: Args } | undefined;
  const withCommands = commands.reduce(
    (chain, { usage, describe, load }) =>
      chain.command(
        usage,
        describe,
        async (sub: Argv) => (await load()).options(sub),
        // Only noted here: a handler that gives a promise makes yargs render its whole help text.
        (args: Args) => {
          chosen = { load, args };
        },
      ),
    parser(),
  );
  try {
    await withCommands
      .fail((message, error) => {
        throw error ?? new HeadgateError("usage", { what: message });
      })
      .parseAsync([...argv], {}, (_error, _args, output) => {
        if (output !== "") io.out(`${output}\n`);
      });
    return chosen === undefined ? 0 : await (await chosen.load()).run(chosen.args, io);
  } catch (caught) {
    const error = toHeadgateError(caught);
    io.err(`error  ${renderError(error)}\n`);
    return error.exitCode;
  }
}
