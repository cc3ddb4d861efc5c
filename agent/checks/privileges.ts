import { SCHEMA_VERSION } from "../history/schema.ts";
import { isRecord } from "../lib/records.ts";
import type { Row } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Check, CheckContext } from "./check.ts";

interface Missing {
  readonly what: string;
  readonly grant: string;
}

const HISTORY_RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE"] as const;
const RUN_RIGHTS = ["SELECT", "INSERT", "UPDATE"] as const;
const REVERTED_RIGHTS = ["INSERT"] as const;
const META_RIGHTS = ["SELECT"] as const;
const FINGERPRINT_RIGHTS = ["SELECT", "INSERT", "UPDATE"] as const;
const MIRROR_RIGHTS = ["SELECT", "INSERT", "DELETE"] as const;

/** All that is asked of a table. */
const TABLE_RIGHTS = [
  ...new Set([
    ...HISTORY_RIGHTS,
    ...RUN_RIGHTS,
    ...REVERTED_RIGHTS,
    ...META_RIGHTS,
    ...FINGERPRINT_RIGHTS,
    ...MIRROR_RIGHTS,
  ]),
];

/** Those of the rights, each called `p`, for which `holds` is true. */
const heldSql = (rights: readonly string[], holds: string): string =>
  `ARRAY(SELECT p FROM unnest(ARRAY[${rights.map(quoteLiteral).join(", ")}]) AS p WHERE ${holds})`;

/**
 * By the catalog's own rows: to_regclass() raises where the schema may not be used, which is one of the answers here. Few
 * parts: a fresh session takes its time to plan each.
 */
function sqlOf({ names, settings }: CheckContext): string {
  const own = quoteLiteral(names.schemaName);
  const mirror = names.pgmigrationsName;
  const wanted = quoteLiteral(settings.database.searchPath[0] ?? "public");
  return `SELECT has_database_privilege(current_database(), 'CREATE') AS database, current_schema() AS current,
 (SELECT jsonb_object_agg(nspname, ${heldSql(["USAGE", "CREATE"], "has_schema_privilege(n.oid, p)")}) FROM pg_namespace AS n
  WHERE nspname IN (${own}, ${quoteLiteral(mirror.schema)}, ${wanted}, current_schema())) AS schemas,
 (SELECT jsonb_object_agg(n.nspname || '.' || c.relname, ${heldSql(TABLE_RIGHTS, "has_table_privilege(c.oid, p)")})
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE (n.nspname = ${own} AND c.relname IN (${OWN_TABLES})) OR (n.nspname = ${quoteLiteral(mirror.schema)} AND c.relname = ${quoteLiteral(mirror.table)})) AS tables,
 ${owners(names)}`;
}

const OWN_TABLES = ["history", "run", "meta", "reverted", "fingerprint"].map(quoteLiteral).join(", ");

/** Who has what a newer version of the tables changes, and whether this role may do the same. */
const owners = ({ schemaName }: CheckContext["names"]): string =>
  `(SELECT jsonb_build_object('may', bool_and(pg_has_role(owner, 'USAGE')), 'who', min(pg_get_userbyid(owner))) FROM (
  SELECT relowner AS owner, relnamespace AS space FROM pg_class WHERE relname IN (${OWN_TABLES}) AND relkind = 'r'
  UNION ALL SELECT proowner, pronamespace FROM pg_proc WHERE proname IN ('guard', 'settle', 'held_locks')
 ) o WHERE space = (SELECT oid FROM pg_namespace WHERE nspname = ${quoteLiteral(schemaName)})) AS owners`;

/** The rights that the role holds, by object; undefined for an object that is not there. */
interface Held {
  readonly onDatabase: boolean;
  readonly current: string | undefined;
  readonly onSchema: (name: string) => readonly unknown[] | undefined;
  readonly onTable: (schema: string, table: string) => readonly unknown[] | undefined;
  readonly owners: { readonly may?: unknown; readonly who?: unknown };
}

const listIn = (record: unknown, key: string): readonly unknown[] | undefined => {
  const list = isRecord(record) ? record[key] : undefined;
  return Array.isArray(list) ? list : undefined;
};

const heldBy = (row: Row): Held => ({
  onDatabase: row.database === true,
  current: row.current === null ? undefined : String(row.current),
  onSchema: (name) => listIn(row.schemas, name),
  onTable: (schema, table) => listIn(row.tables, `${schema}.${table}`),
  owners: isRecord(row.owners) ? row.owners : {},
});

const holdsAll = (held: readonly unknown[], rights: readonly string[]): boolean =>
  rights.every((right) => held.includes(right));

function onOwnSchema({ session, names }: CheckContext, held: Held): Missing[] {
  const role = quoteIdentifier(session.facts.role);
  const own = held.onSchema(names.schemaName);
  if (own === undefined) {
    if (held.onDatabase) return [];
    const grant = `GRANT CREATE ON DATABASE ${quoteIdentifier(session.facts.database)} TO ${role}`;
    return [{ what: `CREATE on the database, for the schema ${names.schema}`, grant }];
  }
  // A table that is not there will be made.
  const table = (table: string, name: string, rights: readonly string[]): Missing[] =>
    holdsAll(held.onTable(names.schemaName, table) ?? rights, rights)
      ? []
      : [{ what: `${rights.join(", ")} on ${name}`, grant: `GRANT ${rights.join(", ")} ON ${name} TO ${role}` }];
  return [
    ...(own.includes("USAGE")
      ? []
      : [{ what: `USAGE on the schema ${names.schema}`, grant: `GRANT USAGE ON SCHEMA ${names.schema} TO ${role}` }]),
    ...table("history", names.history, HISTORY_RIGHTS),
    ...table("run", names.run, RUN_RIGHTS),
    ...table("reverted", names.reverted, REVERTED_RIGHTS),
    ...table("meta", names.meta, META_RIGHTS),
    ...table("fingerprint", names.fingerprint, FINGERPRINT_RIGHTS),
  ];
}

async function isOutdated({ session, names }: CheckContext): Promise<boolean> {
  const [row] = await session.query(`SELECT schema_version FROM ${names.meta}`);
  return Number(row?.schema_version ?? 0) < SCHEMA_VERSION;
}

/** Only their owner can grow the tables that an older Headgate made. Asks further only for a role that could not. */
async function onGrowing(context: CheckContext, held: Held): Promise<Missing[]> {
  const { session, names } = context;
  const { may, who } = held.owners;
  const own = held.onSchema(names.schemaName) ?? [];
  const onOwn = (table: string) => held.onTable(names.schemaName, table);
  if (!own.includes("USAGE") || onOwn("meta")?.includes("SELECT") !== true) return [];
  if (may === true && own.includes("CREATE")) return [];
  if (!(await isOutdated(context))) return [];
  const role = quoteIdentifier(session.facts.role);
  if (may === true)
    return [
      {
        what: `CREATE on the schema ${names.schema}, for what this version adds`,
        grant: `GRANT CREATE ON SCHEMA ${names.schema} TO ${role}`,
      },
    ];
  const added = [
    { there: onOwn("reverted"), name: names.reverted, rights: REVERTED_RIGHTS },
    { there: onOwn("fingerprint"), name: names.fingerprint, rights: FINGERPRINT_RIGHTS },
  ].filter(({ there }) => there === undefined);
  const grants = added.map(({ name, rights }) => `GRANT ${rights.join(", ")} ON ${name} TO ${role}`);
  return [
    {
      what: `ownership of the tables in the schema ${names.schema}, which an older Headgate made and this one has to extend`,
      grant: [`run headgate migrate once as ${quoteIdentifier(String(who))}`, ...grants].join("; then "),
    },
  ];
}

function onMirror({ session, names }: CheckContext, held: Held): Missing[] {
  const role = quoteIdentifier(session.facts.role);
  const schema = quoteIdentifier(names.pgmigrationsName.schema);
  const onTable = held.onTable(names.pgmigrationsName.schema, names.pgmigrationsName.table);
  if (onTable === undefined) {
    // A schema that is not there will be made.
    if (held.onSchema(names.pgmigrationsName.schema)?.includes("CREATE") !== false) return [];
    const what = `CREATE on the schema ${schema}, for ${names.pgmigrations}`;
    return [{ what, grant: `GRANT CREATE ON SCHEMA ${schema} TO ${role}` }];
  }
  if (holdsAll(onTable, MIRROR_RIGHTS)) return [];
  const rights = MIRROR_RIGHTS.join(", ");
  const sequence = `${schema}.${quoteIdentifier(`${names.pgmigrationsName.table}_id_seq`)}`;
  return [
    {
      what: `${rights} on ${names.pgmigrations}`,
      grant: `GRANT ${rights} ON ${names.pgmigrations} TO ${role}; GRANT USAGE ON SEQUENCE ${sequence} TO ${role}`,
    },
  ];
}

function whereMigrationsCreate({ session, settings }: CheckContext, held: Held): Missing[] {
  const { current } = held;
  if (current !== undefined && held.onSchema(current)?.includes("CREATE") === true) return [];
  const role = quoteIdentifier(session.facts.role);
  const [wanted] = settings.database.searchPath;
  const schemaName = quoteIdentifier(wanted ?? "public");
  if (current === undefined || (wanted !== undefined && current !== wanted)) {
    if (held.onSchema(wanted ?? "public") !== undefined) {
      const grant = `GRANT USAGE, CREATE ON SCHEMA ${schemaName} TO ${role}`;
      return [{ what: `USAGE on the schema ${schemaName}, where migrations create objects`, grant }];
    }
    return [
      {
        what: `the schema ${schemaName}${wanted === undefined ? "" : " (database.searchPath)"}, which does not exist`,
        grant: `CREATE SCHEMA ${schemaName} AUTHORIZATION ${role}`,
      },
    ];
  }
  const schema = quoteIdentifier(current);
  const what = `CREATE on the schema ${schema}, where migrations create objects`;
  return [{ what, grant: `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}` }];
}

/** Enough to keep the history, and to create objects where migrations will. */
export const privileges: Check = {
  name: "privileges",
  async run(context) {
    const [row = {}] = await context.session.query(sqlOf(context));
    const held = heldBy(row);
    const missing = [
      ...onOwnSchema(context, held),
      ...(await onGrowing(context, held)),
      ...onMirror(context, held),
      ...whereMigrationsCreate(context, held),
    ];
    if (missing.length === 0) return undefined;
    return {
      what: `the role ${quoteIdentifier(context.session.facts.role)} lacks ${missing.map(({ what }) => what).join("; ")}`,
      fix: `as the owner: ${[...new Set(missing.map(({ grant }) => grant))].join("; ")}`,
    };
  },
};
