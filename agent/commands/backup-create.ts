import { describeBackup, makeBackup } from "../backup/make.ts";
import type { Io } from "../lib/io.ts";
import { type Args, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { withSession } from "./with-session.ts";

/** Somebody wants one, so there is one: of all of the database, where the settings name no other way. */
export async function create(args: Args, io: Io): Promise<number> {
  return await withContext("backup", { args, io }, async (context) => {
    const { strategy } = context.settings.backup;
    const by = strategy === "restore-point" || strategy === "command" ? strategy : "dump";
    const made = await withSession(
      context,
      async (session) =>
        await makeBackup(by, context, { session, planHash: undefined, run: undefined, touched: undefined }),
    );
    if (flagArg(args, "json")) {
      io.out(`${JSON.stringify(made)}\n`);
      return 0;
    }
    const next = by === "dump" ? `\nto restore it: headgate backup restore ${made.name}` : "";
    io.out(`${describeBackup(made)}${next}\n`);
    return 0;
  });
}
