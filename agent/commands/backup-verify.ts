import { describeOrigin, findBackup, newestBackup } from "../backup/find.ts";
import { openStore } from "../backup/open-store.ts";
import type { BackupRecord } from "../backup/record.ts";
import { serverOf } from "../backup/source-facts.ts";
import type { Store } from "../backup/store.ts";
import { verifyStored } from "../backup/verify-stored.ts";
import type { Io } from "../lib/io.ts";
import { plainTerminal } from "../lib/plain.ts";
import { inUnits } from "../lib/units.ts";
import type { Context } from "../stages/context.ts";
import { type Args, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { withSession } from "./with-session.ts";

/** The one that is named, wherever it comes from; else the newest of this database. */
async function chosen(context: Context, store: Store, name: string | undefined): Promise<BackupRecord> {
  const { settings, signal } = context;
  if (name !== undefined) return await findBackup(store, name, signal);
  const { target } = settings.history;
  const origin = await withSession(context, async (session) => ({
    ...{ database: session.facts.database, target },
    server: await serverOf(session, session.connection),
  }));
  return await newestBackup(store, origin, signal);
}

export async function verify(args: Args, io: Io): Promise<number> {
  return await withContext("backup", { args, io }, async (context) => {
    const store = await openStore(context);
    const record = await chosen(context, store, textArg(args, "name"));
    await verifyStored(context, store, record);
    const { name, database, server, bytes, sha256 } = record;
    if (flagArg(args, "json"))
      io.out(`${JSON.stringify({ name, database, server, where: store.where, bytes, sha256, whole: true })}\n`);
    else {
      const size = `${inUnits(bytes)}, sha256 ${sha256.slice(0, 12)}`;
      const lines = [
        `${name} is whole: ${size}, and pg_restore reads it to its end`,
        `it is of ${describeOrigin(record)}`,
        `to restore it: headgate backup restore ${name}`,
      ];
      io.out(plainTerminal(`${lines.join("\n")}\n`));
    }
    return 0;
  });
}
