import type { Down } from "../history/downs.ts";
import { asText } from "../migrations/tree.ts";
import type { DownEffect } from "../migrations/types.ts";
import type { Client, Row } from "../postgres/client.ts";
import { quoteIdentifier, quoteLiteral } from "../postgres/quote.ts";
import type { Place } from "./live-names.ts";
import { LiveNames } from "./live-names.ts";
import { hangsOn, type Loses, Reach, reachOf, settle } from "./reach.ts";

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

/** What the effects so far have done to names, and to what the plan itself makes. */
interface Scene {
  readonly client: Client;
  readonly live: LiveNames;
  readonly reach: Reach;
}

type Effect<Kind extends DownEffect["kind"]> = Extract<DownEffect, { kind: Kind }>;

async function lossByCascade({ client, live }: Scene, { of, name }: Effect<"cascade">): Promise<string | undefined> {
  const place = of === "function" ? { table: name } : live.find({ table: name, column: undefined });
  if (place === undefined) return `whatever hangs on ${name}: an earlier step renames something of that name`;
  const losses: string[] = [];
  for (const row of await client.query(hangsOn({ of, name: place.table }))) {
    const lost = await lossAt(client, { table: String(row.table), column: asText(row.column) });
    if (lost !== undefined) losses.push(`${lost}, which CASCADE takes with ${name}`);
  }
  return losses.length === 0 ? undefined : losses.join(", ");
}

/** A write that by itself loses nothing may go on: through a view, a trigger, a rule or a partition. */
async function lossBeyond(scene: Scene, effect: Effect<"rows" | "adds">, table: string): Promise<string | undefined> {
  const { client, reach } = scene;
  const adds = effect.kind === "adds";
  const [row = {}] = await client.query(reachOf({ table, adds, anywhere: adds && effect.anywhere === true }));
  if (row.there !== true && !reach.isMade(table))
    return `whatever stands behind ${effect.table}, which is not there before the run`;
  const goesOn = row.more === true || reach.goesOn(table, adds);
  return goesOn ? `whatever else a write to ${effect.table} changes, by a trigger, a rule or a view` : undefined;
}

async function lossOf(scene: Scene, effect: Loses): Promise<string | undefined> {
  const { client, live } = scene;
  if (effect.kind === "unknown") return `whatever this does, which its text does not tell: ${effect.what}`;
  if (effect.kind === "cascade") return await lossByCascade(scene, effect);
  const column = effect.kind === "column" ? effect.column : undefined;
  const place = live.find({ table: effect.table, column });
  if (place === undefined)
    return `whatever ${effect.table}${column === undefined ? "" : `.${column}`} holds: an earlier step renames something of that name`;
  const lost = effect.kind === "adds" ? undefined : await lossAt(client, place);
  if (effect.kind !== "adds" && effect.kind !== "rows") return lost;
  return lost ?? (await lossBeyond(scene, effect, place.table));
}

/** SQL that was looked at for what it does to data. */
type Judged = Pick<Down, "name" | "effects">;

async function lossesOf(scene: Scene, down: Judged): Promise<string[]> {
  if (down.effects === null) return ["nobody knows what: its SQL was never looked at"];
  const losses: string[] = [];
  for (const effect of down.effects) {
    const loss = settle(scene, effect) ? undefined : await lossOf(scene, effect);
    if (loss !== undefined) losses.push(loss);
  }
  return losses;
}

/**
 * What running these, in this order, would lose of the rows that are there now. Reads only; an empty table
 * and a column that is NULL everywhere lose nothing.
 */
export async function judgeLosses(client: Client, downs: readonly Judged[]): Promise<Losses> {
  const scene = { client, live: new LiveNames(), reach: new Reach() };
  const found = new Map<string, readonly string[]>();
  for (const down of downs) {
    const losses = await lossesOf(scene, down);
    if (losses.length > 0) found.set(down.name, losses);
  }
  return found;
}
