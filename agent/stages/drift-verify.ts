import { HeadgateError } from "../errors/headgate-error.ts";
import { fingerprintHash, historyDigest, type Known, knownSql, measureOf, readKnown } from "../history/fingerprints.ts";
import { readBoth } from "../history/state.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Row } from "../postgres/client.ts";
import { asFingerprint } from "../postgres/fingerprint.ts";
import type { Difference } from "../postgres/fingerprint-differences.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Context } from "./context.ts";
import { differencesFrom, formOf, goThrough, upgradeNote, whyUnknown } from "./drift-compare.ts";

/** How the schema stands to what the last run left. */
export interface SchemaVerdict {
  /** Why nothing can be said; undefined when it can. */
  readonly unknown: string | undefined;
  /** What makes it known, where `unknown` does not say it. */
  readonly next: string | undefined;
  readonly recorded: { readonly at: string; readonly run: string | null; readonly by: string } | undefined;
  readonly differences: readonly Difference[];
  /** What to know when reading them. */
  readonly note: string | undefined;
  /** Of the schema that was looked at; undefined when it could not be read. */
  readonly hash: string | undefined;
}

interface Asked {
  readonly known: Known | undefined;
  readonly who: string;
  readonly refused?: string;
}

const asked = (row: Row | undefined): Asked => ({ known: readKnown(row ?? {}), who: String(row?.who ?? "") });

/** Before the first run, and until an older Headgate's tables have grown, there is no such table. */
async function askKnown(session: Session, { names }: Context): Promise<Asked> {
  try {
    const [row] = await session.query(knownSql(names));
    return asked(row);
  } catch (error) {
    if (isState(error, SQLSTATE.undefinedTable, SQLSTATE.invalidSchemaName)) return asked(undefined);
    if (!isState(error, SQLSTATE.insufficientPrivilege)) throw error;
    return {
      ...asked(undefined),
      refused: `this role may not read ${names.fingerprint}: GRANT SELECT on it, and on ${names.run}`,
    };
  }
}

function heldByOthers(error: unknown): HeadgateError {
  if (error instanceof HeadgateError) return error;
  throw error;
}

const NOTHING = { recorded: undefined, differences: [], note: undefined, hash: undefined, next: undefined };

const LATER = "verify again once it has ended";

function recordedBy({ settings, schema }: Context): string {
  if (!settings.drift.record) return "drift.record is off, so no run records it";
  const only = schema === undefined ? "" : ` --schema ${schema}`;
  return `the next run that changes it records it, or now: headgate verify${only} --accept`;
}

/** Compares the schema with what the last run left. Reads only; the history is read on both sides, for a run may be at work. */
export async function verifySchema(
  context: Context,
  session: Session,
  files: readonly MigrationFile[],
): Promise<SchemaVerdict> {
  const readAgain = async () => (await readBoth(session, context.names, () => files)).history;
  const [first, now, { known, who, refused }, history] = await Promise.all([
    readAgain(),
    goThrough(context, session, { taking: asFingerprint }).catch(heldByOthers),
    askKnown(session, context),
    readAgain(),
  ]);
  if (now instanceof HeadgateError)
    return { ...NOTHING, unknown: refused ?? now.message, next: refused === undefined ? LATER : undefined };
  const hash = fingerprintHash(now);
  if (refused !== undefined) return { ...NOTHING, hash, unknown: refused };
  if (historyDigest(first.entries) !== historyDigest(history.entries))
    return { ...NOTHING, hash, unknown: "a run is at work at this moment", next: LATER };
  const unknown = whyUnknown(known, { form: formOf(context), history });
  if (known === undefined || unknown !== undefined) return { ...NOTHING, hash, unknown, next: recordedBy(context) };
  const differences = await differencesFrom(context, session, { known, now });
  const note = differences.length === 0 ? undefined : upgradeNote(known, session);
  const { takenAt, run } = measureOf(known);
  return { unknown: undefined, next: undefined, recorded: { at: takenAt, run, by: who }, differences, note, hash };
}
