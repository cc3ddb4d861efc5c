import { type Held, type Hold, since } from "../statements/held.ts";
import { goesThrough } from "../statements/slow.ts";
import type { Rule } from "./rule.ts";

/** As many tables as one reads in a sentence. */
const MOST = 5;

/** By the table whose rows are gone through: the last of the locks that have been told of it in this file. */
const told = new WeakMap<Held, Map<string, number>>();

/** Those that have not been told yet, which then they are. */
function untold(held: Held, holds: readonly Hold[], slow: string): readonly Hold[] {
  const known = told.get(held) ?? new Map<string, number>();
  told.set(held, known);
  const last = known.get(slow) ?? 0;
  const left = holds.filter(({ order }) => order > last);
  known.set(
    slow,
    left.reduce((most, { order }) => Math.max(most, order), last),
  );
  return left;
}

/** A table that nobody can use while the file goes through the rows of another. */
export const HG802: Rule = {
  id: "HG802",
  risk: "high",
  acknowledgeable: true,
  check(statement, { held, made }) {
    const slow = held.locks.length === 0 ? [] : goesThrough(statement);
    const old = slow.find(({ target }) => !made.has(target));
    if (old === undefined) return undefined;
    const closed = held.locks.filter(
      ({ mode, table }) => mode === "ACCESS EXCLUSIVE" && !slow.some(({ sql }) => sql === table.sql),
    );
    const others = untold(held, closed, old.sql);
    const [first] = others;
    if (first === undefined) return undefined;
    const more = others.length > MOST ? ` and ${others.length - MOST} more` : "";
    const names = `${others
      .slice(0, MOST)
      .map(({ table }) => table.sql)
      .join(", ")}${more}`;
    return {
      danger: `nobody can read or write ${names} while this goes through the rows of ${old.sql}: the file holds ${others.length === 1 ? "it" : "them"}${since(first.line)} (ACCESS EXCLUSIVE lock)`,
      instead: `put it into a file of its own: what changes ${names} is then over at once`,
      table: old.sql,
    };
  },
};
