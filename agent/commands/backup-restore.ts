import { describeOrigin, findBackup } from "../backup/find.ts";
import { openStore } from "../backup/open-store.ts";
import { type Place, placeOf, refuseAnothers } from "../backup/place.ts";
import type { BackupRecord } from "../backup/record.ts";
import { newDatabaseFor, type Restored, refuseConnected, restoreBackup } from "../backup/restore.ts";
import { HeadgateError } from "../errors/headgate-error.ts";
import { elapsed } from "../lib/clock.ts";
import type { Io } from "../lib/io.ts";
import { plainTerminal } from "../lib/plain.ts";
import { reasonOf } from "../lib/reason.ts";
import type { Connection } from "../postgres/connection.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import { type Args, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";
import { recordRestore } from "./restore-record.ts";

const refused = (what: string, fix: string): HeadgateError =>
  new HeadgateError("usage", { what, fix, stands: "nothing was changed" });

const amount = (tables: readonly string[]): string => (tables.length === 1 ? "one table" : `${tables.length} tables`);

/** Whoever takes a database's place has to say its name: typed at the terminal, or by --yes --into NAME. */
async function consent(name: string, record: BackupRecord, { args, io }: Asked): Promise<void> {
  if (flagArg(args, "yes")) return;
  if (io.ask === undefined)
    throw refused(
      `there is a database ${name} already, and no terminal to ask at`,
      `to put the backup of ${describeOrigin(record)}, in its place: --into ${name} --yes; it stays under another name`,
    );
  const what = `The backup of ${describeOrigin(record)}, takes the place of the database ${name}`;
  io.err(plainTerminal(`${what}, which stays under another name.\n`));
  if ((await io.ask("Type the database's name to go on: ")).trim() !== name)
    throw refused("not confirmed", "nothing to do");
}

/** What would be in its place has to be all of the same database, unless somebody says what it is of. */
function refuseUnlike(into: string, { name, database, tables }: BackupRecord, of: string | undefined): void {
  const beside = `restore it beside: headgate backup restore ${name}`;
  if (tables !== null)
    throw refused(
      `${name} holds the rows of ${amount(tables)} alone; in the place of ${into} all others would be empty`,
      `${beside}, and copy the rows from there`,
    );
  if (database !== (of ?? into))
    throw refused(
      `${name} is a backup of ${database}, not of ${of ?? into}`,
      `${beside}; or, to put it in the place of ${into} all the same: --of ${database}`,
    );
}

interface Asked {
  readonly args: Args;
  readonly io: Io;
  readonly connection: Connection;
}

/** All that speaks against it is said before anything is filled. */
async function mayReplace(into: string, place: Place, { record, ...asked }: Asked & { readonly record: BackupRecord }) {
  const { args, connection } = asked;
  if (place.template)
    throw refused(`${into} is a template, after which new databases are made`, "name another: --into NAME");
  if (textArg(args, "into") === undefined)
    throw refused(`there is a database ${into} already: this backup was restored before`, "name another: --into NAME");
  refuseUnlike(into, record, textArg(args, "of"));
  refuseAnothers(into, place, connection);
  await refuseConnected(connection, into, record.name);
  await consent(into, record, asked);
}

/** The same release would do again what the backup was restored for. */
const again = (pending: readonly string[]): string[] =>
  pending.length === 0
    ? []
    : [
        `pending again: ${pending.join(", ")}`,
        "the same release applies them again, and loses the same again: deploy one without what lost it, or restore into a new database and copy the rows back",
      ];

function tell({ database, before, pendingAgain }: Restored, { tables }: BackupRecord): string {
  if (before !== undefined)
    return [
      `restored as ${database}; what was there is called ${before} now`,
      ...again(pendingAgain),
      `when nobody misses it: DROP DATABASE ${quoteIdentifier(before)}`,
    ].join("\n");
  const made = `restored into the new database ${database}`;
  return tables === null
    ? `${made}\nlook at it, and point the application there when it is what you want`
    : `${made}\nit has the rows of ${amount(tables)} alone, and all others are empty: copy what you want from there\n  ${tables.join(", ")}`;
}

function nameOf(args: Args, record: BackupRecord): string {
  const into = textArg(args, "into") ?? newDatabaseFor(record);
  if (into === "" || Buffer.byteLength(into) > 63) throw refused("--into wants a name of 1 to 63 bytes", "shorten it");
  return into;
}

export async function restore(args: Args, io: Io): Promise<number> {
  const wanted = textArg(args, "name");
  if (wanted === undefined)
    throw refused("headgate backup restore wants the name of a backup", "headgate backup list shows them");
  return await withContext("backup", { args, io }, async (context, redactor) => {
    const { signal, log } = context;
    const began = { startedAt: new Date(), beganMs: elapsed() };
    const store = await openStore(context);
    const record = await findBackup(store, wanted, signal);
    const connection = await context.source();
    const into = nameOf(args, record);
    const place = await placeOf(connection, into);
    if (place !== undefined) await mayReplace(into, place, { args, io, connection, record });
    const replaces = place !== undefined;
    const bare = flagArg(args, "without-owners");
    const restored = await restoreBackup(context, { store, record, connection, into, replaces, bare });
    await recordRestore(context, {
      connection: { ...connection, database: into },
      target: record.target,
      summary: `restored from ${record.name}, of ${describeOrigin(record)}`,
      clean: redactor.clean,
      ...began,
    }).catch((error: unknown) => log.warn(`the history of ${into} does not tell of this restore: ${reasonOf(error)}`));
    for (const line of restored.refused) log.warn(`not set in ${into}: ${line}`);
    const { name, tables } = record;
    if (flagArg(args, "json")) {
      const { database, before = null, pendingAgain, refused: notSet } = restored;
      const of = { database: record.database, server: record.server, startedAt: record.startedAt };
      io.out(`${JSON.stringify({ name, of, tables, database, before, pendingAgain, notSet })}\n`);
    } else io.out(plainTerminal(`${name}, of ${describeOrigin(record)}, is ${tell(restored, record)}\n`));
    return 0;
  });
}
