import { HeadgateError } from "../errors/headgate-error.ts";
import { reasonOf } from "../lib/reason.ts";
import type { MigrationFile } from "../migrations/types.ts";
import type { Row } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import { isEmptied, ofOtherTargets } from "./other-targets.ts";
import { type Names, SCHEMA_VERSION } from "./schema.ts";
import { listUnchanged } from "./unchanged.ts";

export type EntryState = "running" | "applied" | "reverting" | "needs-attention";

/** One migration as the database knows it. */
export interface Entry {
  readonly name: string;
  /** Null when node-pg-migrate's CLI applied it. */
  readonly checksum: string | null;
  readonly state: EntryState;
  readonly step: number;
  /** Stopped on purpose before statement `step` + 1: nothing of that one was done. */
  readonly paused: boolean;
  readonly appliedAt: string | null;
  /** The row is only in pgmigrations: it counts as applied, and is imported by the next run that writes. */
  readonly imported: boolean;
}

export interface HistoryState {
  /** False before the first run. */
  readonly exists: boolean;
  /** In the order in which they were applied. */
  readonly entries: readonly Entry[];
  /** Applied by Headgate, and its row in pgmigrations was deleted since: counts as pending. */
  readonly undone: readonly string[];
  /** The table pgmigrations is there. */
  readonly mirrorExists: boolean;
  /** An older Headgate made the tables: they grow before anything is written. */
  readonly outdated: boolean;
  /** Known to be exactly these files, all of them applied as they are. */
  readonly exactly?: readonly MigrationFile[];
}

const APPLIED = { state: "applied", step: 0, paused: false, appliedAt: null, imported: false } as const;

const ABSENT = [SQLSTATE.undefinedTable, SQLSTATE.invalidSchemaName] as const;

/** Rows, or undefined when the table is not there. */
async function rowsIfThere(session: Session, sql: string): Promise<readonly Row[] | undefined> {
  try {
    return await session.query(sql);
  } catch (error) {
    if (isState(error, ...ABSENT)) return undefined;
    throw error;
  }
}

/** The role lacks the right to read what Headgate keeps. */
export function unreadable(error: unknown, { facts }: Session, names: Names): HeadgateError {
  const role = quoteIdentifier(facts.role);
  return new HeadgateError("preflight-failed", {
    what: `this role may not read the record of what was applied: ${reasonOf(error)}`,
    fix: `as its owner: GRANT USAGE ON SCHEMA ${names.schema} TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA ${names.schema} TO ${role}; GRANT SELECT ON ${names.pgmigrations} TO ${role}`,
    stands: "nothing was changed",
    cause: error,
  });
}

export function foreignTable(error: unknown, names: Names): HeadgateError {
  return new HeadgateError("history-unusable", {
    what: `${names.history} is not Headgate's table: ${reasonOf(error)}`,
    fix: "name another schema in history.schema, or move the table that is in the way",
    stands: "nothing was changed",
    cause: error,
  });
}

/** Seconds since 1970, of when it was applied; NaN when it is not. */
type Timed = Entry & { readonly at: number };

const toEntry = (row: Row): Timed => ({
  at: Number(row.at ?? Number.NaN),
  name: String(row.name),
  checksum: row.checksum === null ? null : String(row.checksum),
  state: row.state as EntryState,
  step: Number(row.step),
  paused: row.paused === true,
  appliedAt: row.applied_at === null ? null : String(row.applied_at),
  imported: false,
});

function refuseNewer(meta: Row | undefined, names: Names): void {
  const minWriter = Number(meta?.min_writer ?? 0);
  if (minWriter <= SCHEMA_VERSION) return;
  throw new HeadgateError("history-unusable", {
    what: `${names.schema} wants at least version ${minWriter} of Headgate's tables, and this agent writes version ${SCHEMA_VERSION}`,
    fix: "deploy with a newer Headgate",
    stands: "nothing was changed",
  });
}

/** The state of a history that is known to be exactly these files, all applied. */
const allApplied = (files: readonly MigrationFile[]): HistoryState => ({
  exists: true,
  entries: files.map(({ name, checksum }) => ({ ...APPLIED, name, checksum })),
  undone: [],
  mirrorExists: true,
  outdated: false,
  exactly: files,
});

/** What there is to compare. */
export interface Both {
  readonly files: readonly MigrationFile[];
  readonly history: HistoryState;
}

/** Looks for the files and reads the history. Where both are the same, nobody knows when each was applied. */
export async function readBoth(session: Session, names: Names, list: () => readonly MigrationFile[]): Promise<Both> {
  const { files, unchanged } = await listUnchanged(session, names, list);
  return { files, history: unchanged ? allApplied(files) : await readHistory(session, names) };
}

/**
 * The state of the history: Headgate's own rows with those of node-pg-migrate's CLI reconciled in. Only reads, in one
 * round trip; works before the first run and without the right to write.
 */
export async function readHistory(session: Session, names: Names): Promise<HistoryState> {
  const read = async (sql: string) => await rowsIfThere(session, sql);
  try {
    const [own, mirror, meta] = await Promise.all([
      read(
        `SELECT name, checksum, state, step, paused, applied_at::text, extract(epoch FROM applied_at)::float8 AS at FROM ${names.history} WHERE target = ${names.target} ORDER BY sequence`,
      ),
      read(
        `SELECT name, run_on::text, extract(epoch FROM run_on::timestamptz)::float8 AS at FROM ${names.pgmigrations} ORDER BY run_on, id`,
      ),
      read(`SELECT schema_version, min_writer FROM ${names.meta}`),
    ]);
    refuseNewer(meta?.[0], names);
    const entries = (own ?? []).map(toEntry);
    const outdated = own !== undefined && Number(meta?.[0]?.schema_version ?? 0) < SCHEMA_VERSION;
    if (mirror === undefined && entries.length > 0 && (await isEmptied(session, names)))
      return { ...emptied(entries), outdated };
    const strangers = strangersIn(mirror, entries);
    const others = own === undefined || strangers.length === 0 ? [] : await ofOtherTargets(session, names, strangers);
    const belongs = mirror?.filter((row) => !others.includes(String(row.name)));
    return { ...reconcile(entries, belongs, own !== undefined), outdated };
  } catch (error) {
    if (isState(error, SQLSTATE.undefinedColumn)) throw foreignTable(error, names);
    throw isState(error, SQLSTATE.insufficientPrivilege) ? unreadable(error, session, names) : error;
  }
}

function strangersIn(mirror: readonly Row[] | undefined, entries: readonly Entry[]): string[] {
  const known = new Set(entries.map((entry) => entry.name));
  return (mirror ?? []).map((row) => String(row.name)).filter((name) => !known.has(name));
}

const emptied = (entries: readonly Timed[]): Reconciled => ({
  exists: true,
  entries: [],
  undone: entries.map((entry) => entry.name),
  mirrorExists: false,
});

/**
 * In the order in which they were applied. Headgate's own by their sequence, whatever the clock did; what another tool has
 * applied has no sequence of its own, and goes before the first that is younger.
 */
function inOrder(entries: readonly Timed[]): Entry[] {
  const ordered: Timed[] = entries.filter((entry) => entry.checksum !== null);
  for (const stranger of entries.filter((entry) => entry.checksum === null)) {
    const at = ordered.findIndex((entry) => entry.at > stranger.at);
    ordered.splice(at < 0 ? ordered.length : at, 0, stranger);
  }
  return ordered.map(({ at: _at, ...entry }) => entry);
}

type Reconciled = Omit<HistoryState, "outdated">;

function reconcile(own: readonly Timed[], mirror: readonly Row[] | undefined, exists: boolean): Reconciled {
  // Without the table nothing can have been deleted from it: it is made anew from the history.
  if (mirror === undefined) return { exists, entries: inOrder(own), undone: [], mirrorExists: false };
  const mirrored = new Set(mirror.map((row) => String(row.name)));
  const known = new Set(own.map((entry) => entry.name));
  const undone = own
    .filter((entry) => entry.state === "applied" && !mirrored.has(entry.name))
    .map((entry) => entry.name);
  const gone = new Set(undone);
  const imported = mirror
    .filter((row) => !known.has(String(row.name)))
    .map(
      (row): Timed => ({
        ...APPLIED,
        name: String(row.name),
        checksum: null,
        appliedAt: String(row.run_on),
        imported: true,
        at: Number(row.at),
      }),
    );
  const kept = own.filter((entry) => !gone.has(entry.name));
  return { exists, entries: inOrder([...kept, ...imported]), undone, mirrorExists: true };
}

/** SQL that writes the reconciliation down, in both directions. Run it under the lock, in one transaction. */
export function reconcileSql(state: HistoryState, names: Names): string {
  const statements: string[] = [];
  if (state.undone.length > 0) {
    const undone = state.undone.map(quoteLiteral).join(", ");
    statements.push(`DELETE FROM ${names.history} WHERE target = ${names.target} AND name IN (${undone})`);
  }
  const imported = state.entries.filter((entry) => entry.imported).map((entry) => quoteLiteral(entry.name));
  if (imported.length > 0) {
    statements.push(
      `INSERT INTO ${names.history} (target, name, state, down_kind, started_at, applied_at)
       SELECT ${names.target}, m.name, 'applied', 'unknown', m.run_on, m.run_on FROM ${names.pgmigrations} m
       WHERE m.name IN (${imported.join(", ")}) ORDER BY m.run_on, m.id ON CONFLICT DO NOTHING`,
    );
  }
  if (!state.mirrorExists) {
    statements.push(
      `INSERT INTO ${names.pgmigrations} (name, run_on)
       SELECT name, applied_at FROM ${names.history} WHERE target = ${names.target} AND state = 'applied' ORDER BY sequence`,
    );
  }
  return statements.join(";\n");
}
