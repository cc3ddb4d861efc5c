import { HeadgateError } from "../errors/headgate-error.ts";
import type { Io } from "../lib/io.ts";
import { didYouMean } from "../lib/nearest.ts";
import { type Args, type Command, textArg } from "./command.ts";
import { databaseOptions, flag, text, yesOption } from "./options.ts";

type Action = (args: Args, io: Io) => Promise<number>;

/** Each is loaded when it is asked for. */
const actions: Readonly<Record<string, () => Promise<Action>>> = {
  create: async () => (await import("./backup-create.ts")).create,
  list: async () => (await import("./backup-list.ts")).list,
  verify: async () => (await import("./backup-verify.ts")).verify,
  restore: async () => (await import("./backup-restore.ts")).restore,
};

const usage = (what: string): HeadgateError =>
  new HeadgateError("usage", { what, fix: "run headgate backup --help", stands: "nothing was changed" });

/** What only a restore takes, and a name that only these two take. */
function refuseIdle(action: string, args: Args): void {
  const idle = ["into", "of", "yes", "without-owners"].find((name) => args[name] !== undefined && args[name] !== false);
  if (idle !== undefined && action !== "restore") throw usage(`--${idle} belongs to headgate backup restore NAME`);
  if (textArg(args, "name") !== undefined && !["verify", "restore"].includes(action))
    throw usage(`headgate backup ${action} takes no name`);
}

export const backup: Command = {
  options: {
    ...databaseOptions,
    ...yesOption,
    into: text("restore: the database to make; one that is there makes room for it, renamed"),
    of: text("restore: the database that the backup is of, where it takes the place of another one"),
    "without-owners": flag("restore: leave out who owns what and who may what"),
  },
  positionals: {
    action: { describe: "create (or nothing), list, verify or restore" },
    name: { describe: "of the backup to verify (else the newest) or restore" },
  },
  examples: [
    ["headgate backup -f values.yaml", "take one now, read it back, and remove what backup.retention lets go"],
    ["headgate backup list", "what there is, the newest first"],
    ["headgate backup verify", "read all of the newest: its size, its hash, and whether pg_restore gets through"],
    ["headgate backup restore NAME", "into a new database, whose name is printed"],
    ["headgate backup restore NAME --into shop --yes", "in the place of shop, which stays under another name"],
  ],
  async run(args, io) {
    const action = textArg(args, "action") ?? "create";
    const load = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (load === undefined)
      throw usage(`headgate backup knows no ${action}${didYouMean(action, Object.keys(actions))}`);
    refuseIdle(action, args);
    return await (await load())(args, io);
  },
};
