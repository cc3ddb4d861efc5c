import type { DownEffect } from "../migrations/types.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import type { LiveNames } from "./live-names.ts";

type Tie = Extract<DownEffect, { kind: "tied" }>;

const bare = (table: string): string => table.slice(table.lastIndexOf(".") + 1);

const hasSchema = (table: string): boolean => table !== bare(table);

/** The same, or one of them leaves its schema to the search_path. */
const alike = (a: string, b: string): boolean => a === b || (bare(a) === bare(b) && !(hasSchema(a) && hasSchema(b)));

/** What the plan itself makes, and ties to others, in the order in which it does. */
export class Reach {
  readonly #made: string[] = [];
  readonly #ties: Tie[] = [];

  made(table: string): void {
    this.#made.push(table);
  }

  tied(tie: Tie): void {
    this.#ties.push(tie);
  }

  isMade(table: string): boolean {
    return this.#made.some((one) => alike(one, table));
  }

  /** True when a write to it goes on into what the plan has not made; `adds` for one that only adds rows. */
  goesOn(table: string, adds: boolean, seen: readonly string[] = []): boolean {
    if (seen.includes(table)) return false;
    return this.#ties.some(
      (tie) =>
        alike(tie.table, table) &&
        (tie.adds || !adds) &&
        (tie.to === undefined || !this.isMade(tie.to) || this.goesOn(tie.to, adds, [...seen, table])),
    );
  }
}

type Settling = Extract<DownEffect, { kind: "rename" | "made" | "tied" }>;

/** An effect that may lose something; the others only settle what names mean. */
export type Loses = Exclude<DownEffect, Settling>;

/** Takes in what an effect does to names, and is false for one that does something else. */
export function settle({ live, reach }: { live: LiveNames; reach: Reach }, effect: DownEffect): effect is Settling {
  const now = (table: string): string => live.find({ table, column: undefined })?.table ?? table;
  if (effect.kind === "rename") live.rename(effect);
  else if (effect.kind === "made") reach.made(effect.table);
  else if (effect.kind === "tied") {
    const { table, to, adds } = effect;
    reach.tied({ kind: "tied", table: now(table), adds, ...(to === undefined ? {} : { to: now(to) }) });
  } else return false;
  return true;
}

const eventsOf = (adds: boolean) =>
  adds ? { trigger: "AND t.tgtype & 4 <> 0", rule: "= '3'" } : { trigger: "", rule: "<> '1'" };

/** Of `c` in pg_class: true when a write to it may set off more than itself. The first bit that counts is INSERT. */
export const setsOffMore = (adds: boolean): string => {
  const { trigger, rule } = eventsOf(adds);
  return `(c.relkind NOT IN ('r', 'p', 'f')
  OR EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') ${trigger})
  OR EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = c.oid AND w.ev_enabled IN ('O', 'A') AND w.ev_type ${rule}))`;
};

/** Whether the table of a write is there, and whether the write may set off more than itself. */
export function reachOf({ table, adds, anywhere }: { table: string; adds: boolean; anywhere: boolean }): string {
  const name = quoteLiteral(table);
  const where = anywhere
    ? `c.relname = (parse_ident(${name}))[1] AND c.relkind IN ('r', 'p', 'f', 'v')
  AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`
    : `c.oid = to_regclass(${name})`;
  return `WITH RECURSIVE hit (oid) AS (
  SELECT c.oid FROM pg_class AS c WHERE ${where}
  UNION SELECT i.inhrelid FROM hit AS h JOIN pg_inherits AS i ON i.inhparent = h.oid
) SELECT count(*) > 0 AS there, COALESCE(bool_or(${setsOffMore(adds)}), false) AS more FROM hit AS h JOIN pg_class AS c ON c.oid = h.oid`;
}

/** Tables and columns that a DROP … CASCADE of this takes with it; who counts a table has counted its partitions and heirs. */
export function hangsOn({ of, name }: Pick<Extract<DownEffect, { kind: "cascade" }>, "of" | "name">): string {
  const parts = `parse_ident(${quoteLiteral(name)})`;
  const start =
    of === "relation"
      ? `SELECT 'pg_class'::regclass::oid, to_regclass(${quoteLiteral(name)})::oid, 0 WHERE to_regclass(${quoteLiteral(name)}) IS NOT NULL`
      : `SELECT 'pg_proc'::regclass::oid, p.oid, 0 FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
  WHERE p.proname = (${parts})[cardinality(${parts})] AND (cardinality(${parts}) = 1 OR n.nspname = (${parts})[1])`;
  return `WITH RECURSIVE start (classid, objid, sub) AS (${start}), gone (classid, objid, sub) AS (
  SELECT * FROM start
  UNION SELECT more.* FROM gone AS g CROSS JOIN LATERAL (
    SELECT d.classid, d.objid, d.objsubid FROM pg_depend AS d
    WHERE d.refclassid = g.classid AND d.refobjid = g.objid AND (g.sub = 0 OR d.refobjsubid = g.sub)
    UNION ALL SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_depend AS d
    WHERE d.classid = g.classid AND d.objid = g.objid AND d.deptype = 'i' AND (g.sub = 0 OR d.objsubid = g.sub)
  ) AS more
) SELECT DISTINCT c.oid::regclass::text AS table, a.attname AS column
FROM gone AS g JOIN pg_class AS c ON c.oid = g.objid LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = g.sub AND g.sub > 0
WHERE g.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'f') AND COALESCE(a.attgenerated, '') = ''
  AND NOT EXISTS (SELECT FROM start AS s WHERE s.classid = g.classid AND s.objid = g.objid)
  AND NOT EXISTS (SELECT FROM gone AS o JOIN pg_inherits AS i ON i.inhparent = o.objid
    WHERE o.classid = g.classid AND o.sub = 0 AND g.sub = 0 AND i.inhrelid = g.objid)
ORDER BY 1, 2`;
}
