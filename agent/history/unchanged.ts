import { hash } from "node:crypto";
import type { MigrationFile } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import { sqlstateOf } from "../postgres/sqlstate.ts";
import { type Names, SCHEMA_VERSION } from "./schema.ts";

/**
 * Every row in one hash, so that five thousand of them need not travel to learn that nothing is to be done. EXCEPT, because a join
 * of tables without statistics may compare each row with each.
 */
const sqlOf = ({ meta, history, pgmigrations, target }: Names): string => `
SELECT meta.schema_version AS version, meta.min_writer,
  (SELECT encode(sha256(convert_to(string_agg(name || ' ' || coalesce(checksum, '') || ' ' || state, E'\\n' ORDER BY name COLLATE "C"), 'UTF8')), 'hex')
    FROM ${history} WHERE target = ${target}) AS digest,
  NOT EXISTS (SELECT name FROM ${history} WHERE target = ${target} EXCEPT SELECT name::text FROM ${pgmigrations})
    AND NOT EXISTS (SELECT name::text FROM ${pgmigrations} EXCEPT SELECT name FROM ${history}) AS mirrored
FROM ${meta} AS meta`;

/** As `ORDER BY name COLLATE "C"` does. */
const inByteOrder = (files: readonly MigrationFile[]): MigrationFile[] =>
  files.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));

const digestOf = (files: readonly MigrationFile[]): string =>
  hash(
    "sha256",
    inByteOrder(files)
      .map(({ name, checksum }) => `${name} ${checksum} applied`)
      .join("\n"),
  );

/**
 * True when the history is these files, all of them applied as they are, and nothing else. One query; false also where it
 * cannot be asked, because the tables are not there or not readable.
 */
export async function isUnchanged(client: Client, names: Names, files: readonly MigrationFile[]): Promise<boolean> {
  try {
    const [row = {}] = await client.query(sqlOf(names));
    const current = Number(row.version) >= SCHEMA_VERSION && Number(row.min_writer) <= SCHEMA_VERSION;
    return current && row.mirrored === true && row.digest === digestOf(files);
  } catch (error) {
    if (sqlstateOf(error) === undefined) throw error;
    return false;
  }
}
