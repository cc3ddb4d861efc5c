import { catalogOid, type Kind, kinds } from "./fingerprint-kinds.ts";
import { isProviders } from "./provider-owned.ts";
import { quoteLiteral } from "./quote.ts";

/** What a fingerprint leaves out, beside PostgreSQL's own, what belongs to an extension, and what a platform keeps there. */
export interface LeftOut {
  /** Only what is in this schema; else everything that is not in `schemas`, and what belongs to the whole database. */
  readonly only?: string;
  /** Of a partition only that it is there, and its bounds: what else it has comes from its parent, as a rule. */
  readonly partitions?: "named";
  readonly schemas: readonly string[];
  /** With their sequences, indexes and constraints. */
  readonly tables: readonly { readonly schema: string; readonly table: string }[];
}

const list = (texts: readonly string[]): string => texts.map(quoteLiteral).join(", ");

/** Roles of a platform, as numbers: computed once, and not for each object. */
const PROVIDERS = `providers AS MATERIALIZED (SELECT oid FROM pg_roles WHERE ${isProviders("owners", "rolname")})`;

const scope = ({ schemas, tables, only }: LeftOut): string => `${PROVIDERS}, space AS MATERIALIZED (
  SELECT oid, nspname, nspowner, nspacl, CASE nspname WHEN 'public' THEN '' ELSE quote_ident(nspname) || '.' END AS prefix
  FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL (ARRAY[${list(schemas)}]::name[])
    AND NOT ${isProviders("schemas", "nspname")}${only === undefined ? "" : ` AND nspname = ${quoteLiteral(only)}`}
), members AS MATERIALIZED (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), skipped AS (
  SELECT c.oid FROM pg_class c JOIN space s ON s.oid = c.relnamespace
  WHERE (s.nspname || '.' || c.relname) = ANY (ARRAY[${list(tables.map((one) => `${one.schema}.${one.table}`))}]::text[])
), rel AS (
  SELECT c.*, s.prefix || quote_ident(c.relname) AS name, owned.refobjid AS owned_by, owned.refobjsubid AS owned_column,
    CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'f' THEN 'foreign table ' WHEN 'S' THEN 'sequence '
      WHEN 'c' THEN 'type ' ELSE 'table ' END || s.prefix || quote_ident(c.relname) AS object
  FROM pg_class c JOIN space s ON s.oid = c.relnamespace
  LEFT JOIN pg_depend owned ON c.relkind = 'S' AND owned.classid = 'pg_class'::regclass AND owned.objid = c.oid
    AND owned.refclassid = 'pg_class'::regclass AND owned.deptype IN ('a', 'i')
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.oid NOT IN (TABLE skipped)
    AND (${catalogOid("pg_class")}, c.oid) NOT IN (TABLE members)
    AND (owned.refobjid IS NULL OR owned.refobjid NOT IN (TABLE skipped)) AND c.relowner NOT IN (TABLE providers)
), typ AS (
  SELECT t.*, CASE t.typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || s.prefix || quote_ident(t.typname) AS object
  FROM pg_type t JOIN space s ON s.oid = t.typnamespace
  WHERE t.typtype IN ('b', 'd', 'e', 'r', 'p') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
    AND (${catalogOid("pg_type")}, t.oid) NOT IN (TABLE members) AND t.typowner NOT IN (TABLE providers)
)`;

const select = (
  kind: Kind,
): string => `SELECT ${catalogOid(kind.catalog)}::oid AS classid, ${kind.oid} AS objid, (${kind.part ?? "0"})::int AS objsubid,
  ${kind.object} AS object, ${kind.parent ?? "NULL"} AS parent, ${kind.definition} AS definition,
  ${kind.owner ?? "NULL::oid"} AS owner, ${kind.acl ?? "NULL::aclitem[]"} AS acl, ${kind.aclType ?? "NULL"}::"char" AS acltype
  FROM ${kind.from}`;

const privileges = (acl: string): string =>
  `SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END AS who, privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END AS what FROM aclexplode(${acl})`;

/** What differs from the privileges that everything has when it is made. */
const grants = (acl: string, usual: string): string => `concat_ws('; ',
  (SELECT string_agg(who || ': ' || all_of, '; ' ORDER BY who) FROM (SELECT who, string_agg(what, ', ' ORDER BY what) AS all_of FROM (${privileges(acl)} EXCEPT ${privileges(usual)}) a GROUP BY who) g),
  (SELECT string_agg('not ' || who || ': ' || all_of, '; ' ORDER BY who) FROM (SELECT who, string_agg(what, ', ' ORDER BY what) AS all_of FROM (${privileges(usual)} EXCEPT ${privileges(acl)}) a GROUP BY who) g))`;

/** What a partition has; the partition itself stays. */
const ofPartitions = ({ partitions }: LeftOut): string =>
  partitions === undefined
    ? ""
    : ` AND (parent IS NULL OR parent NOT IN (SELECT object FROM rel WHERE relispartition))`;

/** A setting of an application's own may hold its secrets: it is told by a digest. */
const SETTING = `CASE WHEN split_part(c, '=', 1) ~ '[.]'
    THEN split_part(c, '=', 1) || ', a value with the digest ' || left(encode(sha256(convert_to(c, 'UTF8')), 'hex'), 8) ELSE c END`;

/** What belongs to no schema, but to the whole database. */
const ofDatabase = `
UNION ALL SELECT format('default privileges of %s%s on %s', pg_get_userbyid(a.defaclrole), coalesce(' in ' || quote_ident(n.nspname), ''),
    CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END), NULL,
  ${grants("a.defaclacl", "NULL::aclitem[]")} FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace
  WHERE a.defaclrole NOT IN (TABLE providers) AND (n.oid IS NULL OR n.oid IN (SELECT oid FROM space))
UNION ALL SELECT 'setting of the database ' || split_part(c, '=', 1) || coalesce(' for ' || nullif(pg_get_userbyid(nullif(s.setrole, 0))::text, ''), ''), NULL,
    ${SETTING}
  FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND s.setrole NOT IN (TABLE providers)`;

const objectsSql = (leftOut: LeftOut): string => `WITH ${scope(leftOut)}, kept AS MATERIALIZED (
  SELECT * FROM (${kinds
    .filter((kind) => leftOut.only === undefined || kind.ofDatabase !== true)
    .map(select)
    .join("\nUNION ALL ")}) t
  WHERE (classid, objid) NOT IN (TABLE members) AND (owner IS NULL OR owner NOT IN (TABLE providers))${ofPartitions(leftOut)}
), whole AS (
  SELECT * FROM kept${leftOut.partitions === undefined ? "" : ` WHERE classid <> ${catalogOid("pg_class")} OR objid NOT IN (SELECT oid FROM rel WHERE relispartition)`}
)
SELECT object, parent, definition FROM kept
UNION ALL SELECT 'owner of ' || object, object, pg_get_userbyid(owner) FROM whole WHERE owner IS NOT NULL
UNION ALL SELECT * FROM (SELECT 'grants on ' || object, object,
  ${grants("coalesce(acl, acldefault(acltype, owner))", "acldefault(acltype, owner)")} AS granted
  FROM whole WHERE acl IS NOT NULL) g WHERE granted <> ''
UNION ALL SELECT 'comment on ' || k.object, k.object, d.description FROM whole k
  JOIN pg_description d ON d.classoid = k.classid AND d.objoid = k.objid AND d.objsubid = k.objsubid
UNION ALL SELECT 'column order of ' || r.name, r.object, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p', 'f', 'c')
  WHERE r.object IN (SELECT object FROM whole) GROUP BY r.name, r.object${leftOut.only === undefined ? ofDatabase : ""}`;

// Not \v, which is the letter before version 17.
const BLANKS = "E' \\t\\n\\r\\f\\x0B'";

/**
 * One statement that gives every object's name, each once and in order, what it belongs to, and its definition. Wants
 * search_path = pg_catalog.
 */
export const fingerprintSql = (leftOut: LeftOut): string =>
  `SELECT DISTINCT ON (object COLLATE "C") object, parent, btrim(coalesce(definition, ''), ${BLANKS}) AS definition
FROM (${objectsSql(leftOut)}) o ORDER BY object COLLATE "C", definition COLLATE "C"`;
