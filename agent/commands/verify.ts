import { HeadgateError } from "../errors/headgate-error.ts";
import { count } from "../lib/count.ts";
import { listMigrations } from "../migrations/listing.ts";
import { differences, fleetDifferences } from "../stages/verify.ts";
import { type Command, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { databaseOptions } from "./options.ts";
import { isOverFleet } from "./over-fleet.ts";
import { withSession } from "./with-session.ts";

export const verify: Command = {
  options: databaseOptions,
  examples: [["headgate verify --dir migrations", "do the database's history and the files agree?"]],
  run: async (args, io) =>
    await withContext("verify", { args, io }, async (context) => {
      const files = listMigrations(context.dir);
      const found = await withSession(context, async (session) =>
        isOverFleet(context)
          ? await fleetDifferences(context, session, files)
          : await differences(context, session, files),
      );
      if (flagArg(args, "json")) io.out(`${JSON.stringify({ agrees: found.length === 0, differences: found })}\n`);
      if (found.length > 0) {
        throw new HeadgateError("history-differs", {
          what: `${found.length === 1 ? "a difference" : `${found.length} differences`} between the database and the files`,
          details: found,
          stands: "nothing was changed",
        });
      }
      io.err(`${count(files.length, "migration")}: history and files agree, and no index is invalid\n`);
      return 0;
    }),
};
