import { plainLine } from "../lib/plain.ts";
import type { Client, Row } from "./client.ts";
import type { LeftOut } from "./fingerprint-sql.ts";
import { isState, SQLSTATE } from "./sqlstate.ts";

export interface FingerprintedObject {
  /** As people call it: `column orders.total`, `index shop.orders_by_state`. The schema public is left out. */
  readonly object: string;
  /** What it goes with when that goes. */
  readonly parent: string | undefined;
  /** What it is, in PostgreSQL's own words; no oid and no number of a column is in it. */
  readonly definition: string;
}

/** Every object of a database's schema by its name; what rows and sequences hold is not in it. */
export type Fingerprint = ReadonlyMap<string, FingerprintedObject>;

export interface Difference {
  readonly object: string;
  readonly kind: "added" | "missing" | "different";
  /** Nothing to mend: another order of the same columns, or a constraint that was validated in between. */
  readonly harmless: boolean;
  readonly before?: string;
  readonly after?: string;
}

// Whatever the session has set, the same constant is written the same way. To compile this query takes seconds, to run it none.
const BEGIN = `BEGIN READ ONLY; SET LOCAL search_path = pg_catalog; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL quote_all_identifiers = off; SET LOCAL jit = off;
SET LOCAL lock_timeout = '5s'`;

/**
 * A hash of the query: what another query has read is no measure for what this one reads. Kept as a constant, because most runs
 * need the one without the other; a test tells when it has to be another.
 */
export const FINGERPRINT_FORM = "8908c5f3acdd4a7f";

/** What each connection has prepared; "" where that is not known, for PREPARE outlives the transaction that fails after it. */
const prepared = new WeakMap<Client, string>();

const NAME = "headgate_fingerprint";

async function read(client: Client, sql: string, keep: boolean): Promise<readonly Row[]> {
  const known = keep ? prepared.get(client) : undefined;
  const again = known === sql;
  const first = known === undefined ? "" : `DEALLOCATE ${NAME}; `;
  const make = keep && !again ? `${first}PREPARE ${NAME} AS ${sql}; ` : "";
  if (make !== "") prepared.set(client, "");
  const [, rows] = await Promise.all([
    client.query(BEGIN),
    // Through a pooler each message begins with the search_path of the work, so the query brings its own again.
    client.query(keep ? `${make}EXECUTE ${NAME}` : `SET LOCAL search_path = pg_catalog; ${sql}`),
    client.query("ROLLBACK"),
  ]);
  if (keep) prepared.set(client, sql);
  return rows;
}

/**
 * Reads the catalogs in one round trip, in a read-only transaction of its own. With `keep` the server keeps the plan of the
 * query, which takes longer to make than to run, for the next time; not through a pooler.
 */
export async function fingerprint(client: Client, leftOut: LeftOut, keep = false): Promise<Fingerprint> {
  // Loaded late: most runs have nothing to do, and the text is long.
  const { fingerprintSql } = await import("./fingerprint-sql.ts");
  const sql = fingerprintSql(leftOut);
  const rows = await read(client, sql, keep).catch(async (error: unknown) => {
    // A migration may have deallocated what was prepared.
    if (!isState(error, SQLSTATE.invalidSqlStatementName)) throw error;
    prepared.delete(client);
    return await read(client, sql, keep);
  });
  const objects = new Map<string, FingerprintedObject>();
  for (const row of rows) {
    const object = String(row.object);
    const parent = typeof row.parent === "string" ? row.parent : undefined;
    objects.set(object, { object, parent, definition: String(row.definition ?? "").trim() });
  }
  return objects;
}

const ORDER = /^column order of /;

const columns = (definition: string): string[] => definition.split(", ");

/** The columns that both have, in each one's order: what else differs is told by the columns themselves. */
function reordered(before: string, after: string): boolean {
  const [left, right] = [columns(before), columns(after)];
  return (
    left.filter((name) => right.includes(name)).join(", ") !== right.filter((name) => left.includes(name)).join(", ")
  );
}

/** Without what went, or came, together with what it belongs to. */
const heads = (found: Fingerprint, other: Fingerprint): FingerprintedObject[] =>
  [...found.values()].filter(
    ({ object, parent }) =>
      !other.has(object) && (parent === undefined || other.has(parent) || !found.has(parent)) && !ORDER.test(object),
  );

const compared = (before: FingerprintedObject, after: FingerprintedObject | undefined): Difference[] => {
  if (after === undefined || before.definition === after.definition) return [];
  const isOrder = ORDER.test(before.object);
  if (isOrder && !reordered(before.definition, after.definition)) return [];
  const harmless = isOrder || before.definition === `${after.definition} NOT VALID`;
  return [{ object: before.object, kind: "different", harmless, before: before.definition, after: after.definition }];
};

/** What has changed from one to the other, ordered by the objects' names. */
export function diffFingerprints(before: Fingerprint, after: Fingerprint): Difference[] {
  const gone = heads(before, after).map(
    ({ object, definition }): Difference => ({ object, kind: "missing", harmless: false, before: definition }),
  );
  const come = heads(after, before).map(
    ({ object, definition }): Difference => ({ object, kind: "added", harmless: false, after: definition }),
  );
  const changed = [...before.values()].flatMap((one) => compared(one, after.get(one.object)));
  return [...gone, ...come, ...changed].sort((a, b) => (a.object < b.object ? -1 : 1));
}

const MANY_LINES = /\n/;

/** The first line of each that the other does not have in that place. */
function firstChange(before: string, after: string): [string, string] {
  const [left, right] = [before.split("\n"), after.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  const place = at < 0 ? left.length : at;
  return [(left[place] ?? "").trim(), (right[place] ?? "").trim()];
}

const shown = (definition: string): string => (definition === "" ? "nothing" : definition);

/** `index orders_by_state: missing`, `column orders.total: numeric(10,2), was numeric(12,2)`. */
export function describeDifference({ object, kind, before = "", after = "" }: Difference): string {
  const name = plainLine(object);
  if (kind !== "different") return `${name}: ${kind}`;
  const several = MANY_LINES.test(before) || MANY_LINES.test(after);
  const [was, is] = several ? firstChange(before, after) : [before, after];
  return `${name}: ${shown(is)}, was ${shown(was)}`;
}

/** The objects of one schema of a fleet, by that schema's name, too. */
export const ofSchema = (schema: string, list: readonly Difference[]): Difference[] =>
  list.map((one) => ({ ...one, object: `${schema}: ${one.object}` }));
