import type { Names } from "../history/schema.ts";
import type { Client } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";

/** Tables with rows of their own that pg_dump takes: not the system's, not of an extension, not temporary. */
const OURS = `FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

interface Table {
  readonly oid: number;
  /** `shop.orders`, for people and as a key. */
  readonly name: string;
  /** As SQL writes it, and pg_dump's patterns do. */
  readonly sql: string;
}

async function tablesOf(client: Client, where: string): Promise<Table[]> {
  const rows = await client.query(
    `SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name ${OURS} AND ${where} ORDER BY 2, 3`,
  );
  return rows.map(({ oid, schema, name }) => ({
    oid: Number(oid),
    name: `${schema}.${name}`,
    sql: `${quoteIdentifier(String(schema))}.${quoteIdentifier(String(name))}`,
  }));
}

const AT_ONCE = 50;

/** How many rows each table has, as `client` sees it; of those that are named, or of all. */
export async function countRows(
  client: Client,
  names: readonly string[] | undefined,
): Promise<Readonly<Record<string, number>>> {
  const all = await tablesOf(client, "c.relkind = 'r'");
  const wanted = names === undefined ? all : all.filter(({ name }) => names.includes(name));
  const counted: [string, number][] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const part = wanted.slice(at, at + AT_ONCE);
    const sql = part.map(
      ({ name, sql: table }) => `SELECT ${quoteLiteral(name)} AS name, count(*)::text AS rows FROM ONLY ${table}`,
    );
    const rows = await client.query(sql.join(" UNION ALL "));
    counted.push(...rows.map(({ name, rows: amount }): [string, number] => [String(name), Number(amount)]));
  }
  return Object.fromEntries(counted);
}

/**
 * With their rows go those of their partitions and children, and those that a foreign key of theirs looks up: without
 * these no restore gets through. What is cascaded into is the business of who names the tables.
 */
const closureSql = (
  oids: readonly number[],
  { schema, pgmigrations }: Names,
): string => `WITH RECURSIVE wanted (oid) AS (
  SELECT c.oid FROM pg_class AS c WHERE c.oid IN (${[0, ...oids].join(", ")})
    OR c.relnamespace = to_regnamespace(${quoteLiteral(schema)}) OR c.oid = to_regclass(${quoteLiteral(pgmigrations)})
  UNION SELECT more.oid FROM wanted AS w CROSS JOIN LATERAL (
    SELECT inhrelid FROM pg_inherits WHERE inhparent = w.oid
    UNION ALL SELECT confrelid FROM pg_constraint WHERE conrelid = w.oid AND contype = 'f'
  ) AS more (oid)
) SELECT oid FROM wanted`;

/** More would not fit on a command line. */
const LONGEST = 500_000;

export interface Selection {
  /** Tables whose rows are in the dump. */
  readonly tables: readonly string[];
  /** What keeps the others' rows out of it. */
  readonly args: readonly string[];
}

/** What a dump of the whole schema takes for these tables' rows alone. Undefined when there are too many others to name. */
export async function selectRows(
  client: Client,
  oids: readonly number[],
  names: Names,
): Promise<Selection | undefined> {
  const closure = closureSql(oids, names);
  const tables = await tablesOf(client, `c.relkind = 'r' AND c.oid IN (${closure})`);
  const others = await tablesOf(client, `c.relkind IN ('r', 'm') AND c.oid NOT IN (${closure})`);
  const args = others.map(({ sql }) => `--exclude-table-data=${sql}`);
  if (args.join(" ").length > LONGEST) return undefined;
  return { tables: tables.map(({ name }) => name), args };
}
