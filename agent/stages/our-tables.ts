import { foreignTable } from "../history/state.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Context } from "./context.ts";

const NOT_OURS = [SQLSTATE.undefinedColumn, SQLSTATE.undefinedTable, "42804", "42809", "42P10"];

const MADE_MEANWHILE = ["23505", "42P06", "42P07"];

/** Somebody else, an administrator say, has made the schema at the same moment: the second look finds it. */
export const afterRollback = (session: Session, again: () => Promise<unknown>) => async (error: unknown) => {
  await session.query("ROLLBACK");
  if (!isState(error, ...MADE_MEANWHILE)) throw error;
  await again();
};

/** Runs what writes the record; tables of someone else under our names become a sentence. */
export async function onOurTables<T>(context: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isState(error, ...NOT_OURS) ? foreignTable(error, context.names) : error;
  }
}
