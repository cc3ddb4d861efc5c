import { hash } from "node:crypto";
import type { MigrationFile } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import { sqlstateOf } from "../postgres/sqlstate.ts";
import { type Names, SCHEMA_VERSION } from "./schema.ts";

const digestSql = (line: string): string =>
  `encode(sha256(convert_to(string_agg(${line}, E'\\n' ORDER BY name COLLATE "C"), 'UTF8')), 'hex')`;

const DIGEST = digestSql("name || ' ' || coalesce(checksum, '') || ' ' || state");

/**
 * Every row in one hash, so that five thousand of them need not travel to learn that nothing is to be done. EXCEPT, because a join
 * of tables without statistics may compare each row with each.
 */
const sqlOf = ({ meta, history, pgmigrations, target }: Names): string => `
SELECT meta.schema_version AS version, meta.min_writer,
  (SELECT ${DIGEST}
    FROM ${history} WHERE target = ${target}) AS digest,
  NOT EXISTS (SELECT name FROM ${history} WHERE target = ${target} EXCEPT SELECT name::text FROM ${pgmigrations})
    AND NOT EXISTS (SELECT name::text FROM ${pgmigrations} EXCEPT SELECT name FROM ${history}) AS mirrored
FROM ${meta} AS meta`;

/** As `ORDER BY name COLLATE "C"` does. */
const inByteOrder = (files: readonly MigrationFile[]): MigrationFile[] =>
  files.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));

const digestOf = (files: readonly MigrationFile[], lineOf: (file: MigrationFile) => string): string =>
  hash("sha256", inByteOrder(files).map(lineOf).join("\n"));

/** A run asks twice about the same files: before it does anything, and afterwards. */
const digests = new WeakMap<readonly MigrationFile[], string>();

function appliedDigestOf(files: readonly MigrationFile[]): string {
  const digest = digests.get(files) ?? digestOf(files, asApplied);
  digests.set(files, digest);
  return digest;
}

const asApplied = ({ name, checksum }: MigrationFile): string => `${name} ${checksum} applied`;

/**
 * Whether the history is these files, all of them applied as they are, and nothing else. One query, which the server works
 * at while `list` looks for the files; false also where it cannot be asked, because the tables are not there or not readable.
 */
export async function listUnchanged(
  client: Client,
  names: Names,
  list: () => readonly MigrationFile[],
): Promise<{ readonly files: readonly MigrationFile[]; readonly unchanged: boolean }> {
  const digest = recordedDigest(client, names);
  // What it rejects with is told where it is awaited.
  digest.catch(() => undefined);
  // The question goes out at the end of this turn.
  await Promise.resolve();
  const files = list();
  const wanted = appliedDigestOf(files);
  return { files, unchanged: files.length > 0 && (await digest) === wanted };
}

/** The digest of a history that this version writes and that agrees with its mirror; undefined of any other. */
async function recordedDigest(client: Client, names: Names): Promise<unknown> {
  try {
    const [row = {}] = await client.query(sqlOf(names));
    const current = Number(row.version) >= SCHEMA_VERSION && Number(row.min_writer) <= SCHEMA_VERSION;
    return current && row.mirrored === true ? row.digest : undefined;
  } catch (error) {
    if (sqlstateOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Tables in one query: each takes locks of the server's lock table while it runs. */
const TABLES = 500;

interface Table {
  readonly schema: string;
  readonly table: string;
}

const keyOf = ({ schema, table }: Table): string => `${schema}.${table}`;

/** Those of the tables that are there. */
async function existing(client: Client, tables: readonly Table[]): Promise<Set<string>> {
  const pairs = tables.map(({ schema, table }) => `(${quoteLiteral(schema)}, ${quoteLiteral(table)})`);
  const rows = await client.query(
    `SELECT n.nspname AS schema, c.relname AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE (n.nspname, c.relname) IN (${pairs.join(", ")})`,
  );
  return new Set(rows.map((row) => keyOf({ schema: String(row.schema), table: String(row.table) })));
}

/** The names in each mirror as one hash, in the order of `all`. */
async function mirrorDigests(client: Client, all: readonly Names[]): Promise<unknown[]> {
  const sqlAt = (names: Names, at: number) =>
    `SELECT ${at} AS at, ${digestSql("name")} AS digest FROM ${names.pgmigrations}`;
  const parts = Array.from({ length: Math.ceil(all.length / TABLES) }, (_, part) =>
    all.slice(part * TABLES, (part + 1) * TABLES),
  );
  const answers = await Promise.all(
    parts.map(async (part) => {
      const rows = await client.query(`${part.map(sqlAt).join(" UNION ALL ")} ORDER BY at`);
      return rows.map((row) => row.digest);
    }),
  );
  return answers.flat();
}

/**
 * The same of many targets in three queries: gives those that are. The tables have to be there and of this
 * version; a target that cannot be asked counts as changed.
 */
export async function unchangedAmong(
  client: Client,
  targets: readonly Names[],
  files: readonly MigrationFile[],
): Promise<Set<Names>> {
  const [first] = targets;
  if (first === undefined) return new Set();
  try {
    const [rows, tables] = await Promise.all([
      client.query(
        `SELECT target, ${DIGEST} AS digest FROM ${first.history} WHERE target IN (${targets.map((names) => names.target).join(", ")}) GROUP BY target`,
      ),
      existing(
        client,
        targets.map((names) => names.pgmigrationsName),
      ),
    ]);
    const wanted = appliedDigestOf(files);
    const applied = new Set(rows.filter((row) => row.digest === wanted).map((row) => quoteLiteral(String(row.target))));
    const candidates = targets.filter(
      (names) => applied.has(names.target) && tables.has(keyOf(names.pgmigrationsName)),
    );
    const digests = await mirrorDigests(client, candidates);
    const wantedNames = digestOf(files, (file) => file.name);
    return new Set(candidates.filter((_, at) => digests[at] === wantedNames));
  } catch (error) {
    if (sqlstateOf(error) === undefined) throw error;
    return new Set();
  }
}
