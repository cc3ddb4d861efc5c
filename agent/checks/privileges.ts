import { SCHEMA_VERSION } from "../history/schema.ts";
import { isRecord } from "../lib/records.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Check, CheckContext } from "./check.ts";

interface Missing {
  readonly what: string;
  readonly grant: string;
}

interface Table {
  readonly schema: string;
  readonly table: string;
}

/** By the catalog's own rows: to_regclass() raises where the schema may not be used, which is one of the answers here. */
const oidOf = ({ schema, table }: Table): string =>
  `(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ${quoteLiteral(schema)} AND c.relname = ${quoteLiteral(table)})`;

/** Rights on a table that is there; a table that is not there is NULL and will be made. */
const tableRights = (table: Table, rights: readonly string[]): string =>
  `(SELECT bool_and(has_table_privilege(${oidOf(table)}, p)) FROM unnest(ARRAY[${rights.map(quoteLiteral).join(", ")}]) AS p)`;

const HISTORY_RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE"] as const;
const RUN_RIGHTS = ["SELECT", "INSERT", "UPDATE"] as const;
const REVERTED_RIGHTS = ["INSERT"] as const;
const FINGERPRINT_RIGHTS = ["SELECT", "INSERT", "UPDATE"] as const;
const MIRROR_RIGHTS = ["SELECT", "INSERT", "DELETE"] as const;

const schemaRight = (name: string, right: string): string =>
  `(SELECT has_schema_privilege(n.oid, '${right}') FROM pg_namespace n WHERE n.nspname = ${quoteLiteral(name)})`;

function sqlOf({ names, settings }: CheckContext): string {
  const own = (table: string): Table => ({ schema: names.schemaName, table });
  return `SELECT has_database_privilege(current_database(), 'CREATE') AS database,
 ${schemaRight(names.schemaName, "USAGE")} AS own, ${schemaRight(names.schemaName, "CREATE")} AS own_create,
 ${owners(names)},
 ${tableRights(own("history"), HISTORY_RIGHTS)} AS history, ${tableRights(own("run"), RUN_RIGHTS)} AS run,
 ${tableRights(own("reverted"), REVERTED_RIGHTS)} AS reverted, ${tableRights(own("meta"), ["SELECT"])} AS meta,
 ${tableRights(own("fingerprint"), FINGERPRINT_RIGHTS)} AS fingerprint,
 ${schemaRight(names.pgmigrationsName.schema, "CREATE")} AS mirror_schema,
 ${oidOf(names.pgmigrationsName)} IS NOT NULL AS mirror_there,
 ${tableRights(names.pgmigrationsName, MIRROR_RIGHTS)} AS mirror,
 current_schema() AS current,
 EXISTS (SELECT FROM pg_namespace WHERE nspname = ${quoteLiteral(settings.database.searchPath[0] ?? "public")}) AS wanted_there,
 (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = current_schema()) AS create_here`;
}

/** Who has what a newer version of the tables changes, and whether this role may do the same. */
const owners = ({ schemaName }: CheckContext["names"]): string =>
  `(SELECT jsonb_build_object('may', bool_and(pg_has_role(owner, 'USAGE')), 'who', min(pg_get_userbyid(owner))) FROM (
  SELECT relowner AS owner, relnamespace AS space FROM pg_class WHERE relname IN ('history', 'run', 'meta', 'reverted', 'fingerprint') AND relkind = 'r'
  UNION ALL SELECT proowner, pronamespace FROM pg_proc WHERE proname IN ('guard', 'settle', 'held_locks')
 ) o WHERE space = (SELECT oid FROM pg_namespace WHERE nspname = ${quoteLiteral(schemaName)})) AS owners`;

type Row = Readonly<Record<string, unknown>>;

function onOwnSchema({ session, names }: CheckContext, row: Row): Missing[] {
  const role = quoteIdentifier(session.facts.role);
  if (row.own === null) {
    if (row.database === true) return [];
    const grant = `GRANT CREATE ON DATABASE ${quoteIdentifier(session.facts.database)} TO ${role}`;
    return [{ what: `CREATE on the database, for the schema ${names.schema}`, grant }];
  }
  const table = (holds: unknown, name: string, rights: readonly string[]): Missing[] =>
    holds === false
      ? [{ what: `${rights.join(", ")} on ${name}`, grant: `GRANT ${rights.join(", ")} ON ${name} TO ${role}` }]
      : [];
  return [
    ...(row.own === true
      ? []
      : [{ what: `USAGE on the schema ${names.schema}`, grant: `GRANT USAGE ON SCHEMA ${names.schema} TO ${role}` }]),
    ...table(row.history, names.history, HISTORY_RIGHTS),
    ...table(row.run, names.run, RUN_RIGHTS),
    ...table(row.reverted, names.reverted, REVERTED_RIGHTS),
    ...table(row.meta, names.meta, ["SELECT"]),
    ...table(row.fingerprint, names.fingerprint, FINGERPRINT_RIGHTS),
  ];
}

async function isOutdated({ session, names }: CheckContext): Promise<boolean> {
  const [row] = await session.query(`SELECT schema_version FROM ${names.meta}`);
  return Number(row?.schema_version ?? 0) < SCHEMA_VERSION;
}

/** Only their owner can grow the tables that an older Headgate made. Asks further only for a role that could not. */
async function onGrowing(context: CheckContext, row: Row): Promise<Missing[]> {
  const { session, names } = context;
  const { may, who } = isRecord(row.owners) ? row.owners : {};
  if (row.own !== true || row.meta !== true || (may === true && row.own_create === true)) return [];
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
    { there: row.reverted, name: names.reverted, rights: REVERTED_RIGHTS },
    { there: row.fingerprint, name: names.fingerprint, rights: FINGERPRINT_RIGHTS },
  ].filter(({ there }) => there === null);
  const grants = added.map(({ name, rights }) => `GRANT ${rights.join(", ")} ON ${name} TO ${role}`);
  return [
    {
      what: `ownership of the tables in the schema ${names.schema}, which an older Headgate made and this one has to extend`,
      grant: [`run headgate migrate once as ${quoteIdentifier(String(who))}`, ...grants].join("; then "),
    },
  ];
}

function onMirror({ session, names }: CheckContext, row: Row): Missing[] {
  const role = quoteIdentifier(session.facts.role);
  const schema = quoteIdentifier(names.pgmigrationsName.schema);
  if (row.mirror_there !== true) {
    if (row.mirror_schema === null) return [];
    const what = `CREATE on the schema ${schema}, for ${names.pgmigrations}`;
    return row.mirror_schema === true ? [] : [{ what, grant: `GRANT CREATE ON SCHEMA ${schema} TO ${role}` }];
  }
  if (row.mirror !== false) return [];
  const rights = MIRROR_RIGHTS.join(", ");
  const sequence = `${schema}.${quoteIdentifier(`${names.pgmigrationsName.table}_id_seq`)}`;
  return [
    {
      what: `${rights} on ${names.pgmigrations}`,
      grant: `GRANT ${rights} ON ${names.pgmigrations} TO ${role}; GRANT USAGE ON SEQUENCE ${sequence} TO ${role}`,
    },
  ];
}

function whereMigrationsCreate({ session, settings }: CheckContext, row: Row): Missing[] {
  if (row.create_here === true) return [];
  const role = quoteIdentifier(session.facts.role);
  const [wanted] = settings.database.searchPath;
  const schemaName = quoteIdentifier(wanted ?? "public");
  if (row.current === null || (wanted !== undefined && row.current !== wanted)) {
    if (row.wanted_there === true) {
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
  const schema = quoteIdentifier(String(row.current));
  const what = `CREATE on the schema ${schema}, where migrations create objects`;
  return [{ what, grant: `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}` }];
}

/** Enough to keep the history, and to create objects where migrations will. */
export const privileges: Check = {
  name: "privileges",
  async run(context) {
    const [row = {}] = await context.session.query(sqlOf(context));
    const missing = [
      ...onOwnSchema(context, row),
      ...(await onGrowing(context, row)),
      ...onMirror(context, row),
      ...whereMigrationsCreate(context, row),
    ];
    if (missing.length === 0) return undefined;
    return {
      what: `the role ${quoteIdentifier(context.session.facts.role)} lacks ${missing.map(({ what }) => what).join("; ")}`,
      fix: `as the owner: ${[...new Set(missing.map(({ grant }) => grant))].join("; ")}`,
    };
  },
};
