import { count } from "../lib/count.ts";
import { compareNames } from "../migrations/listing.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import { isState, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Settings } from "../settings/settings.ts";
import type { Context } from "./context.ts";
import type { Nearby } from "./smoke-nearby.ts";

type Smoke = Settings["smoke"];

export interface Expectation {
  readonly what: string;
  /** One row with a column `answer`. */
  readonly sql: string;
  /** The reason it is not met, or undefined. */
  readonly judge: (answer: unknown) => string | undefined;
  /** A better reason than the server's words, for an error that this expectation foresees. */
  readonly ifFailed?: (error: unknown) => string | undefined;
  /** What it names, so that the nearest of its kind can be named when it is not met. */
  readonly nearby?: Nearby;
}

const present = (what: string, name: string, more: Pick<Expectation, "sql" | "nearby">): Expectation => ({
  what: `${what} ${name}`,
  ...more,
  judge: (answer) => (answer === true ? undefined : `${what} ${name} is not there`),
});

const tableThere = (name: string): Expectation =>
  present("table", name, {
    sql: `SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(${quoteLiteral(name)}) AND relkind IN ('r','p','v','m','f')) AS answer`,
    nearby: { kind: "table", name },
  });

/** A name behind its table's. */
function apart(name: string): { readonly table: string; readonly own: string } {
  const at = name.endsWith('"') ? name.lastIndexOf('."') : name.lastIndexOf(".");
  return { table: name.slice(0, at), own: name.slice(at + 1).replace(/^"(.*)"$/, "$1") };
}

/** As it stands, or as PostgreSQL reads it without quotes. */
const eitherCase = (own: string): string => `IN (${quoteLiteral(own)}, ${quoteLiteral(own.toLowerCase())})`;

const attribute = (name: string): string => {
  const { table, own } = apart(name);
  return `pg_attribute WHERE attrelid = to_regclass(${quoteLiteral(table)}) AND attname ${eitherCase(own)} AND attnum > 0 AND NOT attisdropped`;
};

const columnThere = (name: string): Expectation =>
  present("column", name, {
    sql: `SELECT EXISTS (SELECT FROM ${attribute(name)}) AS answer`,
    nearby: { kind: "column", name: apart(name).own, table: apart(name).table },
  });

const MODIFIER = /\(([^)]*)\)/;

const compact = (text: string): string => text.replaceAll(/\s/g, "");

/** Types whose modifier the catalog keeps in another form than it may be written. */
function asKept(type: string): string {
  const [, bits] = /^float\s*\(\s*(\d+)\s*\)$/i.exec(type) ?? [];
  if (bits !== undefined) return Number(bits) <= 24 ? "real" : "double precision";
  return type.replace(/^(numeric|decimal|dec)\s*\(\s*(\d+)\s*\)/i, "$1($2,0)");
}

/** PostgreSQL knows its types by many names, and says whether two are one; their modifiers are compared as text. */
function columnOfType({ column, type }: { readonly column: string; readonly type: string }): Expectation {
  const kept = asKept(type);
  const [modifier] = MODIFIER.exec(kept) ?? [];
  const base = kept.replace(MODIFIER, "");
  const there = columnThere(column);
  return {
    ...there,
    what: `column ${column} ${type}`,
    sql: `SELECT (SELECT json_build_array(format_type(atttypid, atttypmod), atttypid = to_regtype(${quoteLiteral(base)}), to_regtype(${quoteLiteral(base)}) IS NULL)::text
 FROM ${attribute(column)} LIMIT 1) AS answer`,
    judge(answer) {
      if (typeof answer !== "string") return `column ${column} is not there`;
      const [actual, same, unknown]: [string, boolean | null, boolean] = JSON.parse(answer);
      if (unknown) return `column ${column} is ${actual}, and there is no type ${base}`;
      const [own] = MODIFIER.exec(actual) ?? [];
      const fits = same === true && (modifier === undefined || compact(modifier) === compact(own ?? ""));
      return fits ? undefined : `column ${column} is ${actual}, expected ${type}`;
    },
  };
}

const indexThere = (name: string): Expectation => ({
  what: `index ${name}`,
  sql: `SELECT (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(${quoteLiteral(name)})) AS answer`,
  judge: (answer) => (answer === true ? undefined : `index ${name} is ${answer === false ? "invalid" : "not there"}`),
  nearby: { kind: "index", name },
});

function constraintThere(name: string): Expectation {
  const { table, own } = apart(name);
  return {
    what: `constraint ${name}`,
    // The last is there from PostgreSQL 18 on.
    sql: `SELECT (SELECT CASE WHEN NOT convalidated THEN 'not validated' WHEN to_jsonb(c) ->> 'conenforced' = 'false' THEN 'not enforced' ELSE '' END
 FROM pg_constraint c WHERE conrelid = to_regclass(${quoteLiteral(table)}) AND conname ${eitherCase(own)} LIMIT 1) AS answer`,
    judge: (answer) => (answer === "" ? undefined : `constraint ${name} is ${answer ?? "not there"}`),
    nearby: { kind: "constraint", name: own, table },
  };
}

/** Numbers are compared as numbers, whatever stands between them. */
export function isOlder(version: string, least: string): boolean {
  const [left, right] = [version, least].map((text) => text.match(/\d+/g)?.map(Number) ?? []);
  for (const [at, number] of (right ?? []).entries()) {
    const own = left?.[at] ?? 0;
    if (own !== number) return own < number;
  }
  return false;
}

function extensionThere(wanted: Smoke["extensions"][number]): Expectation {
  const { name, version } = typeof wanted === "string" ? { name: wanted, version: undefined } : wanted;
  return {
    what: `extension ${name}${version === undefined ? "" : ` ${version}`}`,
    sql: `SELECT json_build_array((SELECT extversion FROM pg_extension WHERE extname = ${quoteLiteral(name)}),
 (SELECT default_version FROM pg_available_extensions WHERE name = ${quoteLiteral(name)}))::text AS answer`,
    judge(answer) {
      const [installed, offered]: (string | null)[] = JSON.parse(String(answer));
      const offer = offered ? `; the server has ${offered} to install` : "; the server does not have it to install";
      if (!installed) return `extension ${name} is not there${offer}`;
      if (version === undefined || !isOlder(installed, version)) return undefined;
      return `extension ${name} is ${installed}, expected ${version} or later${offer}`;
    },
    nearby: { kind: "extension", name },
  };
}

/** Without argument types any function of that name will do. */
function functionThere(wanted: string): Expectation {
  const [, name = wanted, types] = /^([^(]*)(\(.*\))$/s.exec(wanted) ?? [];
  const parts = `parse_ident(${quoteLiteral(name)})`;
  const byName = `SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, ${parts} AS parts
 WHERE p.proname = parts[array_upper(parts, 1)] AND CASE array_length(parts, 1) WHEN 1 THEN pg_function_is_visible(p.oid) ELSE n.nspname = parts[1] END) AS answer`;
  return present("function", wanted, {
    sql: types === undefined ? byName : `SELECT to_regprocedure(${quoteLiteral(wanted)}) IS NOT NULL AS answer`,
    nearby: { kind: "function", name },
  });
}

/** Its parts as PostgreSQL takes them, and nothing else that could stand there. */
const asIdentifier = (name: string): string =>
  (name.match(/"[^"]+"|[^".]+/g) ?? [])
    .map((part) => (part.startsWith('"') ? part : quoteIdentifier(part.toLowerCase())))
    .join(".");

/** Counts no further than it has to. */
function rowsWithin({ table, atLeast, atMost }: Smoke["rows"][number]): Expectation {
  const least = atLeast ?? 0;
  const most: number | undefined = atMost;
  const limit = most === undefined ? least : Math.max(least, most + 1);
  const bounds = [`at least ${least}`, ...(most === undefined ? [] : [`at most ${most}`])].join(", ");
  return {
    what: `rows of ${table}: ${bounds}`,
    sql: `SELECT (SELECT count(*)::text FROM (SELECT FROM ${asIdentifier(table)} LIMIT ${limit}) q) AS answer`,
    judge(answer) {
      const rows = Number(answer);
      if (rows < least) return `${table} has ${count(rows, "row")}, expected at least ${least}`;
      return most !== undefined && rows > most ? `${table} has more than ${count(most, "row")}` : undefined;
    },
    ifFailed: (error) => (isState(error, SQLSTATE.undefinedTable) ? `table ${table} is not there` : undefined),
    nearby: { kind: "table", name: table },
  };
}

const asText = (value: unknown): string => (value === null || value === undefined ? "NULL" : String(value));

/** The end of a statement, and comments after it. */
const END = /;\s*(?:--[^\n]*\s*)*$/;

const queryAnswer = ({ sql, expect }: Smoke["queries"][number]): Expectation => ({
  what: `query ${sql}`,
  // As text, so that 1, 1.0 and true look as psql shows them.
  sql: `SELECT (SELECT q.answer FROM (${sql.replace(END, "")}\n) AS q(answer) LIMIT 1)::text AS answer`,
  judge(answer) {
    const met = expect === null ? answer === null : answer !== null && String(answer) === String(expect);
    return met ? undefined : `${sql} gives ${asText(answer)}, expected ${asText(expect)}`;
  },
  ifFailed: (error) =>
    isState(error, SQLSTATE.syntaxError) && error instanceof Error
      ? `query ${sql}: ${error.message}; it has to be one query that reads, a SELECT, WITH, VALUES or TABLE`
      : undefined,
});

/** The names of what is applied have to satisfy `judge`, which gives the reason when they do not. */
const appliedNames = (what: string, context: Context, judge: (names: readonly string[]) => string | undefined) => ({
  what: `version ${what}`,
  sql: `SELECT coalesce(json_agg(name), '[]'::json)::text AS answer FROM ${context.names.history}
 WHERE target = ${context.names.target} AND state = 'applied'`,
  // Before the first run there is no such table.
  ifFailed: (error: unknown) =>
    isState(error, SQLSTATE.undefinedTable, SQLSTATE.invalidSchemaName) ? judge([]) : undefined,
  judge(answer: unknown) {
    const parsed: unknown = JSON.parse(String(answer));
    return judge((Array.isArray(parsed) ? parsed.map(String) : []).sort(compareNames));
  },
});

const versionReached = (version: string, context: Context): Expectation =>
  appliedNames(version, context, (names) =>
    names.includes(version) ? undefined : `version ${version} is not applied; the newest is ${names.at(-1) ?? "none"}`,
  );

const versionExactly = (version: string, context: Context): Expectation =>
  appliedNames(`exactly ${version}`, context, (names) =>
    names.at(-1) === version ? undefined : `version is ${names.at(-1) ?? "none"}, expected exactly ${version}`,
  );

function versions(version: Smoke["version"], context: Context): Expectation[] {
  const { atLeast, exactly }: { atLeast?: string; exactly?: string } =
    typeof version === "string" ? { atLeast: version } : version;
  return [
    ...(atLeast ? [versionReached(atLeast, context)] : []),
    ...(exactly ? [versionExactly(exactly, context)] : []),
  ];
}

/** Everything that the values expect, in the order of its keys. */
export function expectationsOf(context: Context): Expectation[] {
  const { tables, columns, indexes, constraints, extensions, functions, rows, queries, version } =
    context.settings.smoke;
  return [
    ...tables.map(tableThere),
    ...columns.map((one) => (typeof one === "string" ? columnThere(one) : columnOfType(one))),
    ...indexes.map(indexThere),
    ...constraints.map(constraintThere),
    ...extensions.map(extensionThere),
    ...functions.map(functionThere),
    ...rows.map(rowsWithin),
    ...queries.map(queryAnswer),
    ...versions(version, context),
  ];
}
