import { quoteLiteral } from "../postgres/quote.ts";
import type { Dropped, TypeChange } from "../statements/lock-catalog.ts";
import type { Name } from "../statements/lock-questions.ts";

/** A VALUES list of texts; a row without values would not be one, so there has to be a row. */
const values = (rows: readonly (readonly (string | boolean | undefined)[])[]): string =>
  rows
    .map((row) => `(${row.map((value) => (value === undefined ? "NULL::text" : quoteLiteral(value))).join(", ")})`)
    .join(", ");

const names = (asked: readonly Name[]): string => values(asked.map(({ name, schema }) => [name, schema]));

/** Where a name without a schema is looked for, and in which order. Without to_regclass(): that fails for a schema that one may not use. */
const inPath = (schema: string): string =>
  `(n.nspname = ${schema} OR (${schema} IS NULL AND n.nspname = ANY (current_schemas(true))))`;
const FIRST_IN_PATH = "array_position(current_schemas(true), n.nspname)";

const foundSql = (asked: readonly Name[]): string => `
asked (name, schema) AS (VALUES ${names(asked)}),
found AS (
  SELECT DISTINCT ON (a.name, a.schema) a.name AS asked, a.schema, c.oid, c.relkind, c.relpersistence, c.relispartition
  FROM asked a JOIN pg_class c ON c.relname = a.name::name JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${inPath("a.schema::name")}
  ORDER BY a.name, a.schema, ${FIRST_IN_PATH})`;

const below = (root: string): string => `(WITH RECURSIVE below AS (
    SELECT inhrelid FROM pg_inherits WHERE inhparent = ${root}
    UNION SELECT i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.inhrelid)
  SELECT json_agg(inhrelid::regclass::text ORDER BY inhrelid::regclass::text) FROM below)`;

/** What the catalog says of each relation that is asked for and is there. */
export const relationsSql = (asked: readonly Name[]): string => `
WITH ${foundSql(asked)}
SELECT f.asked, f.schema, f.oid::regclass::text AS name, f.relkind::text AS kind, f.relpersistence = 'u' AS unlogged,
  ${below("f.oid")} AS below, p.inhparent::regclass::text AS parent,
  (SELECT partdefid::regclass::text FROM pg_partitioned_table WHERE partrelid = p.inhparent AND partdefid NOT IN (0, f.oid)) AS default_beside,
  (SELECT partdefid::regclass::text FROM pg_partitioned_table WHERE partrelid = f.oid AND partdefid <> 0) AS default_below,
  CASE WHEN f.relkind IN ('v', 'm') THEN (WITH RECURSIVE seen AS (
      SELECT f.oid UNION
      SELECT d.refobjid FROM seen JOIN pg_class v ON v.oid = seen.oid AND (v.relkind = 'v' OR v.oid = f.oid)
        JOIN pg_rewrite r ON r.ev_class = v.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass)
    SELECT json_agg(c.oid::regclass::text) FROM seen JOIN pg_class c ON c.oid = seen.oid
    WHERE c.oid <> f.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) END AS reads,
  CASE WHEN f.relkind IN ('i', 'I') THEN (SELECT json_build_array(indrelid::regclass::text, ${below("indrelid")})
    FROM pg_index WHERE indexrelid = f.oid) END AS indexed,
  (SELECT json_agg(attname) FROM pg_attribute WHERE attrelid = f.oid AND attnum > 0 AND NOT attisdropped) AS columns,
  (SELECT json_agg(attname) FROM pg_attribute a WHERE attrelid = f.oid AND attnum > 0 AND (
     attnotnull AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = f.oid AND contype = 'n' AND conkey[1] = attnum AND NOT convalidated)
     OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = f.oid AND contype = 'c' AND convalidated AND conkey = ARRAY[attnum]
       AND pg_get_constraintdef(pg_constraint.oid) ~ '^CHECK \\(\\([^()]* IS NOT NULL\\)\\)'))) AS filled,
  (SELECT json_agg(conname) FROM pg_constraint WHERE conrelid = f.oid AND convalidated) AS valid,
  EXISTS (SELECT FROM pg_trigger WHERE tgrelid = f.oid AND NOT tgisinternal AND tgenabled <> 'D') AS triggers
FROM found f LEFT JOIN pg_inherits p ON f.relispartition AND p.inhrelid = f.oid`;

const columnNames = (table: string, numbers: string): string =>
  `(SELECT json_agg(attname) FROM pg_attribute WHERE attrelid = ${table} AND attnum = ANY (${numbers}))`;

/** Foreign keys from and to these relations; with `cascades`, those that lead to where they come from as well. */
export const foreignKeysSql = (asked: readonly Name[], cascades: boolean): string => `
WITH RECURSIVE ${foundSql(asked)}, keys AS MATERIALIZED (
  SELECT * FROM pg_constraint WHERE contype = 'f'),
reached AS (SELECT oid FROM found${cascades ? " UNION SELECT k.conrelid FROM keys k JOIN reached r ON k.confrelid = r.oid" : ""})
SELECT conname AS name, conrelid::regclass::text AS from, confrelid::regclass::text AS to,
  ${columnNames("conrelid", "conkey")} AS columns, ${columnNames("confrelid", "confkey")} AS to_columns,
  confdeltype NOT IN ('a', 'r') AS acts
FROM keys WHERE conrelid IN (SELECT oid FROM reached) OR confrelid IN (SELECT oid FROM reached)`;

/** Where the walk of a DROP begins. Of a column or constraint: in the tables below too. */
const STARTS = `
start AS (
  SELECT a.id, 'pg_class'::regclass AS classid, r.oid AS objid, 0 AS objsubid FROM asked a JOIN rel r USING (id) WHERE a.sort = 'relation'
  UNION ALL SELECT r.id, 'pg_class'::regclass, t.attrelid, t.attnum FROM part r JOIN pg_attribute t ON t.attrelid = r.oid AND t.attname = r.part::name WHERE r.sort = 'column'
  UNION ALL SELECT r.id, 'pg_constraint'::regclass, k.oid, 0 FROM part r JOIN pg_constraint k ON k.conrelid = r.oid AND k.conname = r.part::name WHERE r.sort = 'constraint'
  UNION ALL SELECT a.id, 'pg_type'::regclass, t.oid, 0 FROM asked a JOIN pg_type t ON t.typname = a.name::name JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE a.sort = 'type' AND ${inPath("a.schema::name")}
  UNION ALL SELECT a.id, 'pg_proc'::regclass, p.oid, 0 FROM asked a JOIN pg_proc p ON p.proname = a.name::name JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE a.sort = 'function' AND ${inPath("a.schema::name")}
  UNION ALL SELECT a.id, 'pg_namespace'::regclass, n.oid, 0 FROM asked a JOIN pg_namespace n ON n.nspname = a.name::name WHERE a.sort = 'schema')`;

/** The tables and views that PostgreSQL opens to drop each of these things, with whatever depends on it. */
export const droppedSql = (asked: readonly Dropped[]): string => `
WITH RECURSIVE asked (id, sort, schema, name, part) AS (VALUES ${values(asked.map(({ sort, schema, name, part }, id) => [String(id), sort, schema, name, part]))}),
rel AS (
  SELECT DISTINCT ON (a.id) a.id, a.sort, a.part, c.oid FROM asked a JOIN pg_class c ON c.relname = a.name::name
    JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.sort IN ('relation', 'column', 'constraint') AND ${inPath("a.schema::name")} ORDER BY a.id, ${FIRST_IN_PATH}),
part AS (
  SELECT id, sort, part, oid FROM rel UNION SELECT p.id, p.sort, p.part, i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid),
${STARTS},
walk AS (
  SELECT id, classid::oid, objid, objsubid FROM start UNION
  SELECT w.id, next.* FROM walk w CROSS JOIN LATERAL (
    SELECT d.classid, d.objid, d.objsubid FROM pg_depend d
    WHERE d.refclassid = w.classid AND d.refobjid = w.objid AND (w.objsubid = 0 OR d.refobjsubid = w.objsubid)
    UNION ALL
    -- What is a part of something goes only with the whole.
    SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_depend d
    WHERE d.classid = w.classid AND d.objid = w.objid AND d.objsubid = w.objsubid AND d.deptype = 'i') AS next),
opened AS (
  SELECT w.id, CASE w.classid
    WHEN 'pg_class'::regclass THEN coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = w.objid), w.objid)
    WHEN 'pg_constraint'::regclass THEN (SELECT conrelid FROM pg_constraint WHERE oid = w.objid)
    WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger WHERE oid = w.objid)
    WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_rewrite WHERE oid = w.objid)
    WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_attrdef WHERE oid = w.objid)
    WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy WHERE oid = w.objid) END AS oid
  FROM walk w
  UNION SELECT w.id, k.confrelid FROM walk w JOIN pg_constraint k ON w.classid = 'pg_constraint'::regclass AND k.oid = w.objid
    WHERE k.contype = 'f' AND k.conparentid = 0
  UNION SELECT a.id, s.stxrelid FROM asked a JOIN pg_statistic_ext s ON s.stxname = a.name::name JOIN pg_namespace n ON n.oid = s.stxnamespace
    WHERE a.sort = 'statistics' AND ${inPath("a.schema::name")})
SELECT DISTINCT o.id, c.oid::regclass::text AS name FROM opened o JOIN pg_class c ON c.oid = o.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 2`;

/** How the type that a column has, and the one that it gets, lie on the disk. */
export const changesSql = (asked: readonly TypeChange[]): string => `
WITH asked (id, schema, name, col, to_schema, to_name, to_array) AS (VALUES ${values(asked.map(({ schema, table, column, to }, id) => [String(id), schema, table, column, to.schema, to.name, to.array]))}),
old AS (
  SELECT DISTINCT ON (a.id) a.id, t.oid, t.typname, t.typtype, t.typbasetype, attr.atttypmod FROM asked a
    JOIN pg_class c ON c.relname = a.name::name JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attname = a.col::name JOIN pg_type t ON t.oid = attr.atttypid
  WHERE ${inPath("a.schema::name")} ORDER BY a.id, ${FIRST_IN_PATH}),
new AS (
  SELECT DISTINCT ON (a.id) a.id, CASE WHEN a.to_array THEN t.typarray ELSE t.oid END AS oid, t.typtype, t.typname, t.typbasetype, t.typnotnull, t.typtypmod FROM asked a
    JOIN pg_type t ON t.typname = a.to_name::name JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE ${inPath("a.to_schema::name")} ORDER BY a.id, ${FIRST_IN_PATH})
SELECT a.id, a.col IS NULL AS is_new, old.typname AS from, old.atttypmod AS mod, new.typname AS to, new.typtype = 'd' AS is_domain,
  old.oid IS NULL AS is_unknown, old.typtype = 'd' AS was_domain,
  new.typtype = 'd' AND (new.typnotnull OR EXISTS (SELECT FROM pg_constraint WHERE contypid = new.oid)
    OR EXISTS (SELECT FROM pg_type b WHERE b.oid = new.typbasetype AND b.typtype = 'd')) AS is_constrained,
  new.typtypmod AS domain_mod, sources.oid = targets.oid AS same,
  EXISTS (SELECT FROM pg_cast WHERE castsource = sources.oid AND casttarget = targets.oid AND castmethod = 'b') AS binary,
  current_setting('TimeZone') AS zone
FROM asked a JOIN new USING (id) LEFT JOIN old USING (id)
CROSS JOIN LATERAL (SELECT CASE WHEN old.typtype = 'd' THEN old.typbasetype ELSE old.oid END AS oid) AS sources
CROSS JOIN LATERAL (SELECT CASE WHEN new.typtype = 'd' THEN new.typbasetype ELSE new.oid END AS oid) AS targets`;

export const functionsSql = (asked: readonly Name[]): string => `
SELECT a.name, a.schema, bool_and(p.provolatile = 'v') AS all_volatile, bool_or(p.provolatile = 'v') AS any_volatile
FROM (VALUES ${names(asked)}) AS a (name, schema) JOIN pg_proc p ON p.proname = a.name::name
  JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE ${inPath("a.schema::name")} GROUP BY 1, 2`;

/** Tables with a column of each of these types. */
export const domainsSql = (asked: readonly Name[]): string => `
SELECT DISTINCT a.name, a.schema, c.oid::regclass::text AS used_by FROM (VALUES ${names(asked)}) AS a (name, schema)
  JOIN pg_type t ON t.typname = a.name::name JOIN pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_attribute attr ON attr.atttypid = t.oid AND NOT attr.attisdropped JOIN pg_class c ON c.oid = attr.attrelid
WHERE c.relkind IN ('r', 'p', 'm') AND ${inPath("a.schema::name")}`;
