import type { DownEffect, DownKind, Phase } from "../migrations/types.ts";
import type { Client, Row } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Names } from "./schema.ts";
import type { EntryState } from "./state.ts";

/** What the database knows about taking one migration back. */
export interface Down {
  readonly name: string;
  readonly state: EntryState;
  readonly step: number;
  readonly paused: boolean;
  readonly phase: Phase;
  readonly kind: DownKind;
  /** Null unless `kind` is `stored`. */
  readonly sql: string | null;
  readonly transaction: boolean;
  /** Null when nobody has looked: an agent of another version, or node-pg-migrate's CLI. */
  readonly effects: readonly DownEffect[] | null;
  readonly signature: string | null;
}

const toDown = (row: Row): Down => ({
  name: String(row.name),
  state: row.state as EntryState,
  step: Number(row.step),
  paused: row.paused === true,
  phase: row.phase as Phase,
  kind: row.down_kind as DownKind,
  sql: row.down_sql === null ? null : String(row.down_sql),
  transaction: row.down_transaction !== false,
  effects: Array.isArray(row.down_effects) ? row.down_effects : null,
  signature: row.down_signature === null ? null : String(row.down_signature),
});

const unknown = (name: string): Down => ({
  name,
  state: "applied",
  step: 0,
  paused: false,
  phase: "unknown",
  kind: "unknown",
  sql: null,
  transaction: true,
  effects: null,
  signature: null,
});

/**
 * The ways back of these migrations, in the order of `wanted`. One query; reads tables of any version. A migration that
 * has no row of its own yet, because node-pg-migrate's CLI applied it, has no known way back.
 */
export async function readDowns(client: Client, names: Names, wanted: readonly string[]): Promise<Down[]> {
  if (wanted.length === 0) return [];
  const list = wanted.map(quoteLiteral).join(", ");
  // As JSON, which has no column to be missing.
  const rows = await client.query(
    `SELECT name, state, step, paused, phase, down_kind, down_sql, j -> 'down_effects' AS down_effects,
 (j ->> 'down_transaction')::boolean AS down_transaction, j ->> 'down_signature' AS down_signature
 FROM ${names.history} h, LATERAL to_jsonb(h) AS j WHERE target = ${names.target} AND name IN (${list})`,
  );
  const known = new Map(rows.map((row) => [String(row.name), toDown(row)]));
  return wanted.map((name) => known.get(name) ?? unknown(name));
}

/** The newest migration that was applied when release `release` had its revision `revision`; undefined when none was. */
export async function newestAt(
  client: Client,
  names: Names,
  { release, revision }: { readonly release: string; readonly revision: number },
): Promise<{ readonly known: boolean; readonly newest: string | undefined }> {
  const [row = {}] = await client.query(
    `WITH last AS (SELECT max(id) AS id FROM ${names.run} WHERE target IN (${names.runTargets}) AND release = ${quoteLiteral(release)} AND revision = ${revision})
 SELECT last.id IS NOT NULL AS known, (SELECT name FROM ${names.history} h WHERE h.target = ${names.target} AND h.run <= last.id ORDER BY sequence DESC LIMIT 1) AS newest FROM last`,
  );
  return { known: row.known === true, newest: typeof row.newest === "string" ? row.newest : undefined };
}

/** Releases and revisions that this target's runs have named, newest first. */
export async function recordedRevisions(
  client: Client,
  names: Names,
): Promise<{ release: string; revision: number }[]> {
  const rows = await client.query(
    `SELECT release, revision FROM ${names.run} WHERE target IN (${names.runTargets}) AND release IS NOT NULL GROUP BY release, revision ORDER BY max(id) DESC LIMIT 20`,
  );
  return rows.map((row) => ({ release: String(row.release), revision: Number(row.revision) }));
}
