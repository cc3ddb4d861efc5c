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

// Whatever the session has set, the same constant is written the same way. To compile this query takes seconds, to run it none.
const SETTINGS = `SET LOCAL search_path = pg_catalog; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL quote_all_identifiers = off; SET LOCAL jit = off;
SET LOCAL lock_timeout = '5s'`;

/**
 * A hash of the query: what another query has read is no measure for what this one reads. Kept as a constant, because most runs
 * need the one without the other; a test tells when it has to be another.
 */
export const FINGERPRINT_FORM = "3c84a5fc4f8b0f31";

/** What each connection has prepared; "" where that is not known, for PREPARE outlives the transaction that fails after it. */
const prepared = new WeakMap<Client, string>();

const NAME = "headgate_fingerprint";

/** What a statement does with the schema, while it reads it. */
export interface Along {
  /** Of its parameters, e.g. `boolean`. */
  readonly types: readonly string[];
  /** Literals. */
  readonly values: readonly string[];
  /** What it did is committed; else it was to do nothing, and was only planned for the time when it is. */
  readonly stays: boolean;
  /** Gives the rows of `query`, `IN_ORDER`. */
  readonly sql: (query: string, parameters: readonly string[]) => string;
}

/** Takes the objects one by one, in the order of their names. */
export interface Taking<T> {
  take(object: FingerprintedObject): void;
  done(): T;
}

/** What is looked at, and how. */
export interface Looking {
  readonly leftOut: LeftOut;
  /** The server keeps the plan of the query for the next time: it takes tens of milliseconds to make. Not through a pooler. */
  readonly keep?: boolean;
  readonly along?: Along;
}

/** The order of a fingerprint, whatever the database's collation is. */
export const IN_ORDER = 'ORDER BY object COLLATE "C"';

const READS: Along = { types: [], values: [], stays: false, sql: (query) => query };

const inBrackets = (list: readonly string[]): string => (list.length === 0 ? "" : ` (${list.join(", ")})`);

/** Through a pooler each message begins with the search_path of the work, so the query brings its own again. */
const atOnce = (query: string, { sql, values }: Along): string =>
  `SET LOCAL search_path = pg_catalog; ${sql(query, values)}`;

function prepareAndExecute(client: Client, statement: string, { types, values }: Along): string {
  const known = prepared.get(client);
  const execute = `EXECUTE ${NAME}${inBrackets(values)}`;
  if (known === statement) return execute;
  prepared.set(client, "");
  return `${known === undefined ? "" : `DEALLOCATE ${NAME}; `}PREPARE ${NAME}${inBrackets(types)} AS ${statement}; ${execute}`;
}

const begin = (along: Along | undefined): string =>
  along === undefined
    ? `BEGIN READ ONLY; ${SETTINGS}`
    : `BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL plan_cache_mode = force_generic_plan; ${SETTINGS}`;

/** How the schema is taken in, and what then becomes of what was done along. */
export interface Reader<T> {
  /** Made anew for each try. */
  readonly taking: () => Taking<T>;
  /** Whether it stands. Without, it does, and that costs one round trip less. */
  readonly stands?: (found: T) => boolean;
}

const objectOf = ({ object, parent, definition }: Row): FingerprintedObject => ({
  object: String(object),
  parent: typeof parent === "string" ? parent : undefined,
  definition: String(definition),
});

async function read<T>(client: Client, looking: Looking, { taking, stands }: Reader<T>): Promise<T> {
  const { along = READS, keep = false } = looking;
  // Loaded late: most runs have nothing to do, and the text is long.
  const { fingerprintSql } = await import("./fingerprint-sql.ts");
  const query = fingerprintSql(looking.leftOut);
  const statement = along.sql(
    query,
    along.types.map((_type, at) => `$${at + 1}`),
  );
  const text = keep ? prepareAndExecute(client, statement, along) : atOnce(query, along);
  const { take, done } = taking();
  const end = along.stays ? "COMMIT" : "ROLLBACK";
  const sent = [client.query(begin(looking.along)), client.each(text, (row) => take(objectOf(row)))];
  await Promise.all(stands === undefined ? [...sent, client.query(end)] : sent);
  if (keep) prepared.set(client, statement);
  const found = done();
  if (stands !== undefined) await client.query(stands(found) ? end : "ROLLBACK");
  return found;
}

/** Reads the catalogs in one round trip, in a transaction of its own, which is read-only but for what is done along. */
export async function goThroughSchema<T>(client: Client, looking: Looking, reader: Reader<T>): Promise<T> {
  return await read(client, looking, reader).catch(async (error: unknown) => {
    // Else the end was sent with the rest, and has closed the transaction.
    if (reader.stands !== undefined) await client.query("ROLLBACK").catch(() => undefined);
    // A migration may have deallocated what was prepared.
    if (!isState(error, SQLSTATE.invalidSqlStatementName)) throw error;
    prepared.delete(client);
    return await read(client, looking, reader);
  });
}

/** All of it, by its name. */
export function asFingerprint(): Taking<Fingerprint> {
  const objects = new Map<string, FingerprintedObject>();
  return { take: (one) => void objects.set(one.object, one), done: () => objects };
}

/** Reads the schema as `goThroughSchema` does. */
export const fingerprint = async (client: Client, looking: Looking): Promise<Fingerprint> =>
  await goThroughSchema(client, looking, { taking: asFingerprint });
