import { readCatalog } from "../backup/catalog.ts";
import { openStore } from "../backup/open-store.ts";
import type { BackupRecord } from "../backup/record.ts";
import type { Io } from "../lib/io.ts";
import { plainTerminal } from "../lib/plain.ts";
import { proved } from "../lib/proved.ts";
import { inUnits } from "../lib/units.ts";
import { type Args, flagArg } from "./command.ts";
import { withContext } from "./context.ts";
import { table } from "./table.ts";

const holds = ({ tables }: BackupRecord): string => (tables === null ? "all" : `${tables.length} tables' rows`);

const rowOf = (record: BackupRecord): string[] => [
  record.name,
  record.database,
  inUnits(record.bytes),
  holds(record),
  proved[record.verified],
  record.serverVersion,
];

export async function list(args: Args, io: Io): Promise<number> {
  return await withContext("backup", { args, io }, async (context) => {
    const store = await openStore(context);
    const { backups, leftovers } = await readCatalog(store, context.signal);
    if (flagArg(args, "json")) {
      io.out(`${JSON.stringify({ where: store.where, backups, leftovers })}\n`);
      return 0;
    }
    const head = ["NAME", "DATABASE", "SIZE", "HOLDS", "PROVED", "SERVER"];
    const lines = [
      ...(backups.length === 0 ? [`no backup in ${store.where}`] : [table([head, ...backups.map(rowOf)])]),
      ...leftovers.map(({ name, bytes }) => `no backup: ${name} (${inUnits(bytes)}), cut off or still being made`),
      ...(backups.length === 0
        ? ["to take one: headgate backup"]
        : [`to prove one: headgate backup verify NAME; to restore one: headgate backup restore NAME`]),
    ];
    io.out(plainTerminal(`${lines.join("\n")}\n`));
    return 0;
  });
}
