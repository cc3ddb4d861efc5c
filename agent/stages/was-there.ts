import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Target } from "../statements/targets.ts";
import type { PlannedMigration } from "./state.ts";

const nameOf = ({ name, schema }: Target): string => sqlName(name, schema);

async function isThere(session: Session, target: Target): Promise<boolean> {
  const lookup = target.sort === "schema" ? "to_regnamespace" : "to_regclass";
  try {
    const [row] = await session.query(`SELECT ${lookup}(${quoteLiteral(nameOf(target))}) IS NOT NULL AS is_there`);
    return row?.is_there === true;
  } catch (error) {
    // Who may not look takes it for there.
    if (isState(error, SQLSTATE.insufficientPrivilege)) return true;
    throw error;
  }
}

/**
 * Tells of everything that the migrations make IF NOT EXISTS whether it was there before, in one message; undefined when
 * they make nothing so.
 */
export async function whatWasThere(
  session: Session,
  planned: readonly PlannedMigration[],
): Promise<((target: Target) => boolean) | undefined> {
  const targets = planned.flatMap(({ unlessThere }) => unlessThere);
  if (targets.length === 0) return undefined;
  const there = new Map<string, boolean>();
  await Promise.all(targets.map(async (target) => there.set(nameOf(target), await isThere(session, target))));
  return (target) => there.get(nameOf(target)) ?? true;
}
