import type { DownEffect } from "../migrations/types.ts";
import type { Client } from "../postgres/client.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { Settings } from "../settings/settings.ts";
import { LiveNames } from "./live-names.ts";
import { judgeLosses } from "./loss.ts";
import { type Loses, Reach, setsOffMore, settle } from "./reach.ts";
import type { PlannedMigration } from "./state.ts";

interface Effects {
  readonly name: string;
  readonly effects: readonly DownEffect[] | null;
}

/** What of a plan is judged. */
export interface Work {
  readonly migrations: readonly (Pick<PlannedMigration, "effects"> & {
    readonly migration: { readonly name: string };
  })[];
  readonly back: { readonly returns: readonly Effects[] };
}

/** Text that was not taken apart, because it is too big or only made while it runs, may do anything. */
const effectsOfUp = ({ migration, effects }: Work["migrations"][number]): Effects => ({
  name: migration.name,
  effects: effects(),
});

/** In the order in which they run. */
const effectsOf = ({ migrations, back }: Work): Effects[] => [...back.returns, ...migrations.map(effectsOfUp)];

const changesAnything = ({ migrations, back }: Work): boolean => migrations.length + back.returns.length > 0;

/** A table that is lost, or written to, by its name now. */
interface Touched {
  readonly table: string;
  readonly how: "whole" | "rows" | "adds";
  /** The plan makes it. */
  readonly made: boolean;
}

const UNKNOWN: DownEffect = { kind: "unknown", what: "" };

/** Undefined when nobody can tell which tables it touches. */
function touchedBy(effect: Loses, { live, reach }: { live: LiveNames; reach: Reach }): Touched | undefined {
  const { kind } = effect;
  if (kind === "unknown" || kind === "cascade" || (kind === "adds" && effect.anywhere === true)) return undefined;
  const place = live.find({ table: effect.table, column: undefined });
  if (place === undefined) return undefined;
  const { table } = place;
  const how = kind === "rows" || kind === "adds" ? kind : "whole";
  const goesOn = how !== "whole" && reach.goesOn(table, how === "adds");
  return goesOn ? undefined : { table, how, made: reach.isMade(table) };
}

/** Undefined when nobody can tell which. */
function tablesOf(all: readonly Effects[]): readonly Touched[] | undefined {
  const names = { live: new LiveNames(), reach: new Reach() };
  const found: Touched[] = [];
  for (const effect of all.flatMap(({ effects }) => effects ?? [UNKNOWN])) {
    if (settle(names, effect)) continue;
    const touched = touchedBy(effect, names);
    if (touched === undefined) return undefined;
    found.push(touched);
  }
  return found;
}

/** Deleting or changing a row goes on into the rows that refer to it; a trigger, a rule or a view may do anything. */
const REACHED = (values: string): string => `WITH RECURSIVE touched (name, how, made) AS (VALUES ${values}),
hit (oid, how) AS (
  SELECT to_regclass(name)::oid, how FROM touched WHERE to_regclass(name) IS NOT NULL
  UNION SELECT more.oid, h.how FROM hit AS h CROSS JOIN LATERAL (
    SELECT conrelid FROM pg_constraint WHERE h.how = 'rows' AND confrelid = h.oid AND contype = 'f'
      AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))
    UNION ALL SELECT inhrelid FROM pg_inherits WHERE h.how <> 'whole' AND inhparent = h.oid
  ) AS more (oid)
)
SELECT h.oid::int8::text AS oid, h.how = 'adds' AS adds,
  CASE h.how WHEN 'rows' THEN ${setsOffMore(false)} WHEN 'adds' THEN ${setsOffMore(true)} ELSE false END AS more
FROM hit AS h JOIN pg_class AS c ON c.oid = h.oid
UNION ALL SELECT NULL, false, true FROM touched WHERE how <> 'whole' AND NOT made AND to_regclass(name) IS NULL`;

/** The tables that the plan takes rows or values from, by oid. Undefined when that cannot be told: then it may be any. */
async function touchedTables(client: Client, work: Work): Promise<readonly number[] | undefined> {
  const tables = tablesOf(effectsOf(work));
  if (tables === undefined || tables.length === 0) return tables === undefined ? undefined : [];
  const values = tables.map(({ table, how, made }) => `(${quoteLiteral(table)}, ${quoteLiteral(how)}, ${made})`);
  const found = await client.query(REACHED(values.join(", ")));
  if (found.some(({ more }) => more === true)) return undefined;
  return [...new Set(found.filter(({ adds }) => adds !== true).map(({ oid }) => Number(oid)))];
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
