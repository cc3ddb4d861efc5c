import { nearest } from "../lib/nearest.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Session } from "../postgres/session.ts";

/** What an expectation names, as it was written. */
export interface Nearby {
  readonly kind: "table" | "column" | "index" | "constraint" | "extension" | "function";
  readonly name: string;
  /** What a column or constraint is looked for in. */
  readonly table?: string;
}

/** Names of a kind that are looked through. */
const MOST = 5_000;

const SYSTEM = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

const relations = (kinds: string): string =>
  `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (${kinds}) AND ${SYSTEM} LIMIT ${MOST}`;

const TABLES = relations("'r','p','v','m','f'");

function namesSql({ kind, table }: Nearby): string {
  const its = `to_regclass(${quoteLiteral(table ?? "")})`;
  switch (kind) {
    case "table":
      return TABLES;
    case "index":
      return relations("'i','I'");
    case "column":
      return `SELECT attname::text AS name FROM pg_attribute WHERE attrelid = ${its} AND attnum > 0 AND NOT attisdropped`;
    case "constraint":
      return `SELECT conname::text AS name FROM pg_constraint WHERE conrelid = ${its}`;
    case "extension":
      return `SELECT name::text FROM pg_available_extensions`;
    case "function":
      return `SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${SYSTEM} LIMIT ${MOST}`;
  }
}

const SCHEMAS = `SELECT nspname::text AS name FROM pg_namespace n WHERE ${SYSTEM}`;

interface Names {
  readonly own: readonly string[];
  readonly tables: readonly string[];
  readonly schemas: readonly string[];
}

const meant = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : `did you mean ${name}?`;

const schemaOf = (name: string): string | undefined => /^("[^"]+"|[^".]+)\./.exec(name)?.[1]?.replaceAll('"', "");

/** The schema or the table that a name begins with, when that is what is not there. */
function missingPlace({ name, table }: Nearby, { schemas, tables }: Names): string | undefined {
  const whole = table ?? name;
  const schema = schemaOf(whole);
  if (schema !== undefined && !schemas.includes(schema)) {
    return [`the schema ${schema} is not there`, meant(nearest(schema, schemas))].filter(Boolean).join("; ");
  }
  if (table === undefined || [table, table.toLowerCase()].some((one) => tables.includes(one))) return undefined;
  const other = nearest(table, tables);
  return other === undefined ? undefined : `the table ${table} is not there; did you mean ${other}?`;
}

const withoutTypes = (name: string): string => name.replace(/\(.*$/s, "");

function nearestFunction({ name }: Nearby, own: readonly string[]): string | undefined {
  const same = own.filter((one) => withoutTypes(one) === name);
  if (same.length > 0) return `there is ${same.slice(0, 3).join(", ")}`;
  const close = nearest(name, [...new Set(own.map(withoutTypes))]);
  return meant(own.find((one) => withoutTypes(one) === close));
}

/** What is there instead of what an expectation names, as the end of a sentence; undefined where nothing is near. */
function instead(wanted: Nearby, names: Names): string | undefined {
  const place = wanted.kind === "extension" ? undefined : missingPlace(wanted, names);
  if (place !== undefined) return place;
  if (wanted.kind === "function") return nearestFunction(wanted, names.own);
  const found = nearest(wanted.name, names.own);
  return found === wanted.name ? undefined : meant(found);
}

/** Asks once for the names of each kind that is wanted, in one round trip, and gives what is near to each. */
export async function lookNearby(session: Session, all: readonly Nearby[]): Promise<(string | undefined)[]> {
  const asked = new Map<string, Promise<readonly string[]>>();
  const namesOf = async (sql: string): Promise<readonly string[]> => {
    const asking = asked.get(sql) ?? session.query(sql).then((rows) => rows.map((row) => String(row.name)));
    asked.set(sql, asking);
    return await asking;
  };
  return await Promise.all(
    all.map(async (wanted) => {
      const [own, tables, schemas] = await Promise.all([namesSql(wanted), TABLES, SCHEMAS].map(namesOf));
      return instead(wanted, { own: own ?? [], tables: tables ?? [], schemas: schemas ?? [] });
    }),
  );
}
