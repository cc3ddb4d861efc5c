import { findBackup } from "../backup/find.ts";
import { openStore } from "../backup/open-store.ts";
import { isThere, newDatabaseFor, type Restored, refuseConnected, restoreBackup } from "../backup/restore.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import type { Io } from "../lib/io.ts";
import { plainTerminal } from "../lib/plain.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { type Args, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";

const refused = (what: string, fix: string): HeadgateError =>
  new HeadgateError("usage", { what, fix, stands: "nothing was changed" });

/** Whoever takes a database's place has to say its name: typed at the terminal, or by --yes --into NAME. */
async function consent(name: string, args: Args, io: Io): Promise<void> {
  if (flagArg(args, "yes")) return;
  if (io.ask === undefined)
    throw refused(
      `there is a database ${name} already, and no terminal to ask at`,
      `to put the backup in its place: --into ${name} --yes; it stays under another name`,
    );
  io.err(`The backup takes the place of the database ${plainTerminal(name)}, which stays under another name.\n`);
  if ((await io.ask("Type the database's name to go on: ")).trim() !== name)
    throw refused("not confirmed", "nothing to do");
}

function tell({ database, before }: Restored): string {
  if (before === undefined)
    return `restored into the new database ${database}\nlook at it, and point the application there when it is what you want`;
  return `restored as ${database}; what was there is called ${before} now\nwhen nobody misses it: DROP DATABASE ${quoteIdentifier(before)}`;
}

export async function restore(args: Args, io: Io): Promise<number> {
  const wanted = textArg(args, "name");
  if (wanted === undefined)
    throw refused("headgate backup restore wants the name of a backup", "headgate backup list shows them");
  return await withContext("backup", { args, io }, async (context) => {
    const { settings, signal, log } = context;
    const store = await openStore(context);
    const record = await findBackup(store, wanted, { target: settings.history.target, signal });
    const connection = await context.source();
    const into = textArg(args, "into") ?? newDatabaseFor(record);
    if (into === "" || Buffer.byteLength(into) > 63)
      throw refused("--into wants a name of 1 to 63 bytes", "shorten it");
    const replaces = await isThere(connection, into);
    if (replaces && textArg(args, "into") === undefined)
      throw refused(
        `there is a database ${into} already: this backup was restored before`,
        "name another: --into NAME",
      );
    if (replaces) {
      await refuseConnected(connection, into, record.name);
      await consent(into, args, io);
    }
    const bare = flagArg(args, "without-owners");
    const restored = await restoreBackup(context, { store, record, connection, into, replaces, bare });
    for (const line of restored.refused) log.warn(`not set in ${into}: ${line}`);
    if (flagArg(args, "json")) {
      const { database, before = null, refused: notSet } = restored;
      io.out(`${JSON.stringify({ name: record.name, database, before, notSet })}\n`);
    } else io.out(plainTerminal(`${record.name} is ${tell(restored)}\n`));
    return 0;
  });
}
