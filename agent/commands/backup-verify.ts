import { findBackup } from "../backup/find.ts";
import { openStore } from "../backup/open-store.ts";
import { verifyStored } from "../backup/verify-stored.ts";
import type { Io } from "../lib/io.ts";
import { inUnits } from "../lib/units.ts";
import { type Args, flagArg, textArg } from "./command.ts";
import { withContext } from "./context.ts";

export async function verify(args: Args, io: Io): Promise<number> {
  return await withContext("backup", { args, io }, async (context) => {
    const store = await openStore(context);
    const { target } = context.settings.history;
    const record = await findBackup(store, textArg(args, "name"), { target, signal: context.signal });
    await verifyStored(context, store, record);
    const { name, bytes, sha256 } = record;
    if (flagArg(args, "json")) io.out(`${JSON.stringify({ name, where: store.where, bytes, sha256, whole: true })}\n`);
    else {
      const size = `${inUnits(bytes)}, sha256 ${sha256.slice(0, 12)}`;
      io.out(
        `${name} is whole: ${size}, and pg_restore reads it to its end\nto restore it: headgate backup restore ${name}\n`,
      );
    }
    return 0;
  });
}
