import { quoteIdentifier } from "../postgres/quote.ts";

/** Words that mean something else when they stand bare: PostgreSQL 14 to 18, reserved or kept for functions and types. */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right
select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using
variadic verbose when where window with between bigint bit boolean char character coalesce dec decimal exists extract
float greatest grouping inout int integer interval json json_array json_arrayagg json_exists json_object json_objectagg
json_query json_scalar json_serialize json_table json_value least merge_action national nchar none normalize nullif
numeric out overlay position precision real row setof smallint substring time timestamp treat trim values varchar
xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`.split(
    /\s+/,
  ),
);

const part = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : quoteIdentifier(name);

/** A name as SQL and to_regclass() read it: `orders`, `shop."Order"`. Quoted only where it has to be. */
export const sqlName = (name: string, schema?: string): string =>
  schema === undefined ? part(name) : `${part(schema)}.${part(name)}`;

/** A statement's text without the comments before it: the parser counts them in. */
export const withoutComments = (sql: string): string => sql.replace(/^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)*/, "");
