import type { Down } from "../history/downs.ts";
import type { DownEffect } from "../migrations/types.ts";
import type { Client, Row } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Place } from "./live-names.ts";
import { LiveNames } from "./live-names.ts";

/** Longer than this nobody waits for an exact number. */
const COUNT_MS = 5_000;

/** What one migration's way back would destroy, for people; nothing when it keeps all data. */
export type Losses = ReadonlyMap<string, readonly string[]>;

const number = (value: unknown): string => Number(value).toLocaleString("en-US");

async function one(client: Client, sql: string): Promise<Row | undefined> {
  try {
    // Without row security a policy that hides rows is an error, and no small number.
    const [row] = await client.query(
      `BEGIN READ ONLY; SET LOCAL statement_timeout = ${COUNT_MS}; SET LOCAL row_security = off; ${sql}; COMMIT`,
    );
    return row;
  } catch {
    await client.query("ROLLBACK");
    return undefined;
  }
}

/** How many values of `expression` a table holds: exactly, about, or undefined when it holds none. */
async function amount(client: Client, table: string, expression: string): Promise<string | undefined> {
  const exact = await one(client, `SELECT count(${expression}) AS n FROM ${table}`);
  if (exact !== undefined) return Number(exact.n) === 0 ? undefined : number(exact.n);
  const about = await one(client, `SELECT reltuples AS n FROM pg_class WHERE oid = ${quoteLiteral(table)}::regclass`);
  return about === undefined || Number(about.n) <= 0 ? "an unknown number of" : `about ${number(about.n)}`;
}

const isThere = ({ table, column }: Place): string =>
  column === undefined
    ? `SELECT to_regclass(${quoteLiteral(table)}) IS NOT NULL AS there`
    : `SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(${quoteLiteral(table)})
 AND attname = ${quoteLiteral(column)} AND attnum > 0 AND NOT attisdropped) AS there`;

async function lossAt(client: Client, place: Place): Promise<string | undefined> {
  const { table, column } = place;
  const [row = {}] = await client.query(isThere(place));
  // What is not there cannot be lost: the down fails, or passes over it.
  if (row.there !== true) return undefined;
  const held = await amount(client, table, column === undefined ? "*" : quoteIdentifier(column));
  if (held === undefined) return undefined;
  const noun = `${column === undefined ? "row" : "value"}${held === "1" ? "" : "s"}`;
  return `${held} ${noun} of ${column === undefined ? table : `${table}.${column}`}`;
}

async function lossOf(client: Client, effect: DownEffect, live: LiveNames): Promise<string | undefined> {
  if (effect.kind === "rename") {
    live.rename(effect);
    return undefined;
  }
  if (effect.kind === "unknown") return `whatever this does, which its text does not tell: ${effect.what}`;
  const column = effect.kind === "column" ? effect.column : undefined;
  const place = live.find({ table: effect.table, column });
  if (place !== undefined) return await lossAt(client, place);
  return `whatever ${effect.table}${column === undefined ? "" : `.${column}`} holds: an earlier step renames something of that name`;
}

/** SQL that was looked at for what it does to data. */
type Judged = Pick<Down, "name" | "effects">;

async function lossesOf(client: Client, down: Judged, live: LiveNames): Promise<string[]> {
  if (down.effects === null) return ["nobody knows what: its SQL was never looked at"];
  const losses: string[] = [];
  for (const effect of down.effects) {
    const loss = await lossOf(client, effect, live);
    if (loss !== undefined) losses.push(loss);
  }
  return losses;
}

/**
 * What running these, in this order, would lose of the rows that are there now. Reads only; an empty table
 * and a column that is NULL everywhere lose nothing.
 */
export async function judgeLosses(client: Client, downs: readonly Judged[]): Promise<Losses> {
  const live = new LiveNames();
  const found = new Map<string, readonly string[]>();
  for (const down of downs) {
    const losses = await lossesOf(client, down, live);
    if (losses.length > 0) found.set(down.name, losses);
  }
  return found;
}
