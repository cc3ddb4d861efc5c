import { isStronger, LOCK_MODES, type LockMode, strongest, type Tri } from "../statements/lock-modes.ts";
import type { LockFact } from "../statements/locks.ts";

/** What was seen of a statement, in names. */
export interface Seen {
  /** Strongest lock of each table, what ran before it in the transaction included. */
  readonly held: ReadonlyMap<string, LockMode>;
  readonly before: ReadonlyMap<string, LockMode>;
  readonly rewritten: readonly string[];
  readonly sampled: boolean;
}

/** `right`; `untold`: the plan had said that it cannot tell, or a look from outside came too late; `wrong`. */
export type Verdict = "right" | "untold" | "wrong";

export interface Agreement {
  readonly verdict: Verdict;
  /** Each difference, in words. */
  readonly notes: readonly string[];
}

interface Difference {
  readonly verdict: Verdict;
  readonly note: string;
}

/** Locks for single rows: none is taken when no row asks for it. */
const isForRows = (lock: LockMode): boolean => LOCK_MODES.indexOf(lock) <= LOCK_MODES.indexOf("ROW EXCLUSIVE");

interface Compared {
  readonly plan: LockFact;
  readonly planned: ReadonlyMap<string, LockMode>;
  readonly seen: Seen;
}

function onTable(table: string, { plan, planned: all, seen }: Compared): Difference | undefined {
  const planned = all.get(table);
  const expected = strongest([planned ?? null, seen.before.get(table) ?? null]);
  const actual = seen.held.get(table) ?? null;
  if (expected === actual) return undefined;
  const took = actual === null ? `no lock on ${table} was seen` : `${actual} on ${table} was taken`;
  const said = planned === undefined ? "the plan named none" : `the plan said ${planned}`;
  const note = `${took}, ${said}`;
  if (actual !== null && (expected === null || isStronger(actual, expected)))
    return plan.complete ? { verdict: "wrong", note } : { verdict: "untold", note: `${took}: only its run could tell` };
  if (planned !== undefined && isForRows(planned))
    return { verdict: "right", note: `${took}: no row asked for ${planned}` };
  if (!seen.sampled) return { verdict: "wrong", note };
  return { verdict: "untold", note: `${note}: looked at from outside, it may have been too short to be seen` };
}

function onRewrite(planned: Tri, { rewritten }: Seen): Difference | undefined {
  const did = rewritten.length > 0;
  if (planned === did) return undefined;
  const note = did ? `${rewritten.join(", ")} was written anew` : "nothing was written anew";
  return planned === null
    ? { verdict: "untold", note: `${note}: the plan could not tell` }
    : { verdict: "wrong", note: `${note}, the plan said ${planned ? "yes" : "no"}` };
}

const ORDER: readonly Verdict[] = ["right", "untold", "wrong"];

/** Compares what was planned with what was seen. `planned`: locks by the names that `seen` uses. */
export function agree(plan: LockFact, planned: ReadonlyMap<string, LockMode>, seen: Seen): Agreement {
  const tables = new Set([...planned.keys(), ...seen.held.keys()]);
  const found = [
    ...[...tables].map((table) => onTable(table, { plan, planned, seen })),
    onRewrite(plan.rewrites, seen),
  ].filter((one) => one !== undefined);
  const worst = found.reduce<Verdict>(
    (so, { verdict }) => (ORDER.indexOf(verdict) > ORDER.indexOf(so) ? verdict : so),
    "right",
  );
  return { verdict: worst, notes: found.map(({ note }) => note) };
}
