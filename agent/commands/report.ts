import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { HeadgateError } from "../errors/headgate-error.ts";
import { writeWhole } from "../lib/files.ts";
import type { Redactor } from "../lib/redact.ts";
import { type Account, cleanAccount, readAccount } from "../report/account.ts";
import { type Format, formatOfFile, formats } from "../report/formats.ts";
import type { Context } from "../stages/context.ts";
import { type Args, type Command, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions, text } from "./options.ts";
import { withSession } from "./with-session.ts";

/** As asked for, else as the file's ending says, else for a terminal. */
function formatOf(args: Args): Format {
  const path = textArg(args, "output");
  const name = textArg(args, "format") ?? (flagArg(args, "json") ? "json" : undefined);
  const format = name === undefined ? path && formatOfFile(path) : formats.find((one) => one.name === name);
  if (format) return format;
  if (path === undefined) return formats[0] as Format;
  throw new HeadgateError("usage", {
    what: `how ${path} is to be written, its ending does not tell`,
    fix: `--format ${formats.map((one) => one.name).join(", ")}`,
    stands: "nothing was changed",
  });
}

function runOf(args: Args): string | undefined {
  const run = textArg(args, "run-id");
  if (run === undefined || /^[1-9]\d{0,17}$/.test(run)) return run;
  throw new HeadgateError("usage", {
    what: `a run has a number, not "${run}"`,
    fix: "headgate history lists them; without a number it is the newest",
    stands: "nothing was changed",
  });
}

async function readIt(context: Context, id: string | undefined, redactor: Redactor): Promise<Account> {
  const account = await withSession(context, async (session) => await readAccount(session, context.names, { id }));
  if (account !== undefined) return cleanAccount(account, redactor.clean);
  throw new HeadgateError("usage", {
    what: id === undefined ? "no run is recorded in this database yet" : `this database has no run ${id}`,
    fix: id === undefined ? "headgate migrate makes the first" : "headgate history lists the runs",
    stands: "nothing was changed",
  });
}

export const report: Command = {
  options: {
    ...databaseOptions,
    format: { ...text("how it is told; text by default"), choices: formats.map(({ name }) => name) },
    output: { ...text("write it into this file; its ending tells the format"), alias: "o" },
  },
  positionals: { "run-id": { describe: "number of a run, as headgate history lists it; the newest without one" } },
  examples: [
    ["headgate report", "the newest run, for a terminal"],
    ["headgate report 12 --output run-12.html", "run 12 as one page: timeline, SQL, locks, what changed"],
    ["headgate report --format markdown", "for a pull request or the summary of a CI job"],
  ],
  run: async (args, io) =>
    await withContext("report", { args, io }, async (context, redactor) => {
      const format = formatOf(args);
      const account = await readIt(context, runOf(args), redactor);
      const told = (await format.load())(account);
      const path = textArg(args, "output");
      if (path === undefined) io.out(told);
      else {
        await mkdir(dirname(resolve(path)), { recursive: true });
        await writeWhole(resolve(path), told);
        io.err(`run ${account.run} is in ${resolve(path)}\n`);
      }
      return 0;
    }),
};
