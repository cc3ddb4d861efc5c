import type { DownEffect } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Settings } from "../settings/settings.ts";
import { LiveNames } from "./live-names.ts";
import { judgeLosses } from "./loss.ts";
import type { Plan, PlannedMigration } from "./state.ts";

type Work = Pick<Plan, "migrations" | "back">;

interface Effects {
  readonly name: string;
  readonly effects: readonly DownEffect[] | null;
}

/** Text that was not taken apart, because it is too big or only made while it runs, may do anything. */
const effectsOfUp = ({ migration, effects }: PlannedMigration): Effects => ({
  name: migration.name,
  effects: effects(),
});

/** In the order in which they run. */
const effectsOf = ({ migrations, back }: Work): Effects[] => [...back.returns, ...migrations.map(effectsOfUp)];

const changesAnything = ({ migrations, back }: Work): boolean => migrations.length + back.returns.length > 0;

/** Tables by their names now; undefined when nobody can tell which. */
function tablesOf(all: readonly Effects[]): { readonly table: string; readonly rows: boolean }[] | undefined {
  const live = new LiveNames();
  const found: { table: string; rows: boolean }[] = [];
  for (const effect of all.flatMap(({ effects }) => effects ?? [UNKNOWN])) {
    if (effect.kind === "rename") live.rename(effect);
    else {
      const place = effect.kind === "unknown" ? undefined : live.find({ table: effect.table, column: undefined });
      if (place === undefined) return undefined;
      found.push({ table: place.table, rows: effect.kind === "rows" });
    }
  }
  return found;
}

const UNKNOWN: DownEffect = { kind: "unknown", what: "" };

/** Deleting or changing a row goes on into the rows that refer to it, and a trigger may do anything. */
const REACHED = (names: string, rows: string): string => `WITH RECURSIVE hit (oid) AS (
  SELECT to_regclass(t)::oid FROM unnest(ARRAY[${rows}]::text[]) AS t WHERE to_regclass(t) IS NOT NULL
  UNION SELECT more.oid FROM hit AS h CROSS JOIN LATERAL (
    SELECT conrelid FROM pg_constraint WHERE confrelid = h.oid AND contype = 'f'
      AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))
    UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = h.oid
  ) AS more (oid)
)
SELECT h.oid::int8::text AS oid, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = h.oid AND NOT tgisinternal AND tgenabled <> 'D') AS triggers FROM hit AS h
UNION ALL SELECT to_regclass(t)::oid::int8::text, false FROM unnest(ARRAY[${names}]::text[]) AS t WHERE to_regclass(t) IS NOT NULL`;

/** The tables that the plan takes rows or values from, by oid. Undefined when that cannot be told: then it may be any. */
async function touchedTables(client: Client, work: Work): Promise<readonly number[] | undefined> {
  const tables = tablesOf(effectsOf(work));
  if (tables === undefined) return undefined;
  const list = (rows: boolean) =>
    tables
      .filter((one) => one.rows === rows)
      .map(({ table }) => quoteLiteral(table))
      .join(", ");
  const found = await client.query(REACHED(list(false), list(true)));
  return found.some(({ triggers }) => triggers === true) ? undefined : found.map(({ oid }) => Number(oid));
}

/** What the settings want a backup of. */
export interface Endangered {
  /** Why, a sentence each. */
  readonly why: readonly string[];
  /** Tables that rows or values are taken from, by oid; undefined for any. */
  readonly touched: readonly number[] | undefined;
}

/** Undefined where the settings want no backup of what the plan does. Reads only, and nothing where there is nothing to do. */
export async function findEndangered(
  client: Client,
  work: Work,
  { strategy, when }: Settings["backup"],
): Promise<Endangered | undefined> {
  if (strategy === "none" || when === "never" || !changesAnything(work)) return undefined;
  const losses = when === "always" ? undefined : await judgeLosses(client, effectsOf(work));
  if (losses?.size === 0) return undefined;
  const why = [...(losses ?? [])].map(([name, lost]) => `${name} loses ${lost.join(", ")}`);
  const touched = strategy === "dump-touched" ? await touchedTables(client, work) : undefined;
  return { why, touched };
}
