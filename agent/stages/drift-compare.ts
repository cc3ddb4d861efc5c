import { HeadgateError } from "../errors/headgate-error.ts";
import {
  fingerprintHash,
  historyDigest,
  type Known,
  measureOf,
  objectsSql,
  readObjects,
} from "../history/fingerprints.ts";
import type { HistoryState } from "../history/state.ts";
import { reasonOf } from "../lib/reason.ts";
import {
  type Along,
  FINGERPRINT_FORM,
  type Fingerprint,
  goThroughSchema,
  type Reader,
} from "../postgres/fingerprint.ts";
import { type Difference, diffFingerprints } from "../postgres/fingerprint-differences.ts";
import type { LeftOut } from "../postgres/fingerprint-sql.ts";
import { quoteIdentifier } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isConnectionLoss, isState, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Context } from "./context.ts";
import { withoutIgnored } from "./drift-ignore.ts";

/** What this run looks at. */
function leftOutOf({ names, settings, schema }: Context): LeftOut {
  return {
    ...(schema === undefined ? {} : { only: schema }),
    ...(settings.drift.partitions === "ignore" ? { partitions: "named" } : {}),
    schemas: [names.schemaName],
    tables: [names.pgmigrationsName],
  };
}

/** What is read, and how, as a short text: what another agent, or other settings, would read is no measure for it. */
export function formOf(context: Context): string {
  const { only = "", partitions = "", schemas, tables } = leftOutOf(context);
  const places = tables.map(({ schema, table }) => `${schema}.${table}`);
  return [FINGERPRINT_FORM, only, partitions, ...schemas, ...places].join("/");
}

/** A form without its last part, and that: where pgmigrations is, which each target leaves out for itself. */
function withMirror(form: string): [form: string, mirror: string] {
  const at = form.lastIndexOf("/");
  return [form.slice(0, at), form.slice(at + 1)];
}

const PLAIN_NAME = /^[a-z_][a-z0-9_$]*$/;

/** The mirror of a form as drift.ignore would name it. */
function mirrorTable(form: string): string {
  const [, mirror] = withMirror(form);
  const names = mirror.split(".").map((name) => (PLAIN_NAME.test(name) ? name : quoteIdentifier(name)));
  return `table ${(names[0] === "public" ? names.slice(1) : names).join(".")}`;
}

/** Somebody else changes the schema at this moment: a definition is gone before it is written out, or its table is locked. */
const MEANWHILE = [
  SQLSTATE.lockNotAvailable,
  SQLSTATE.internalError,
  SQLSTATE.undefinedTable,
  SQLSTATE.undefinedObject,
  SQLSTATE.undefinedFunction,
];

const isMeanwhile = (error: unknown): boolean => isState(error, ...MEANWHILE) && !isConnectionLoss(error);

const notReadable = (error: unknown): unknown =>
  isMeanwhile(error)
    ? new HeadgateError("lock-not-available", {
        what: `the schema could not be read, for another session holds or changes a part of it: ${reasonOf(error)}`,
        stands: "nothing was changed",
        cause: error,
      })
    : error;

/** Goes through the schema as it is now, and does `along` what it is to do. */
export async function goThrough<T>(
  context: Context,
  session: Session,
  { along, ...reader }: Reader<T> & { readonly along?: Along },
): Promise<T> {
  const looking = {
    ...{ leftOut: leftOutOf(context), keep: session.facts.pooler === undefined },
    ...(along === undefined ? {} : { along }),
  };
  const read = async () => await goThroughSchema(session, looking, reader);
  return await read().catch(async (error: unknown) => {
    if (!isMeanwhile(error)) throw error;
    return await read().catch((again: unknown) => {
      throw notReadable(again);
    });
  });
}

/** Why what is recorded of this target says nothing of its history as it is now; undefined when it does. */
export function whyNotRecorded(
  known: Known | undefined,
  now: { form: string; history: HistoryState },
): string | undefined {
  if (known === undefined) return "no run has recorded the schema yet";
  if (known.form !== now.form)
    return "the schema was recorded by another version of Headgate, or under other settings, which look at other things";
  if (known.history !== historyDigest(now.history.entries))
    return "migrations were applied or taken back since the schema was recorded: by a run that is at work or was killed, by an older Headgate, or by another tool";
  return undefined;
}

/** Why nothing can be said of what the last run left; undefined when it can. */
export function whyUnknown(known: Known | undefined, now: { form: string; history: HistoryState }): string | undefined {
  const why = whyNotRecorded(known, now);
  if (why !== undefined || !known?.newer) return why;
  const { target, form, moved } = known.newer;
  if (withMirror(form)[0] !== withMirror(now.form)[0])
    return `the target ${target} has recorded this database since, under settings which look at other things`;
  if (moved) return `migrations of the target ${target} were applied or taken back since it recorded this database`;
  return undefined;
}

/** What differs from what the last run left, without what is ignored. `known` has to be comparable. */
export async function differencesFrom(
  context: Context,
  session: Session,
  { known, now }: { readonly known: Known; readonly now: Fingerprint },
): Promise<Difference[]> {
  const measure = measureOf(known);
  if (fingerprintHash(now) === measure.hash) return [];
  const [row = {}] = await session.query(objectsSql(context.names, measure));
  const was = readObjects(row);
  const { ignore, partitions } = context.settings.drift;
  const mirrors = known.newer === null ? [] : [formOf(context), measure.form].map(mirrorTable);
  return withoutIgnored(diffFingerprints(was, now), { partitions, ignore: [...ignore, ...mirrors] }, [was, now]);
}

const major = (version: number): number => Math.floor(version / 10_000);

/** PostgreSQL words some definitions otherwise from one major version to the next. */
export function upgradeNote(known: Known, { facts }: Session): string | undefined {
  const [was, is] = [major(measureOf(known).server), major(facts.version)];
  if (was === is) return undefined;
  return `it was recorded on PostgreSQL ${was}, and this is ${is}, which may word the same definition otherwise: look once, then headgate verify --accept`;
}
