import type { Observation } from "../observe.ts";
import { namesOf, type Scenario, unmarked } from "../scenarios.ts";
import type { Violation } from "./violation.ts";

/** What one snapshot shows of one migration. */
interface Facts {
  /** Each of its marks and indexes, by count. */
  readonly effects: readonly number[];
  /** Marks of its down script, and how many there have to be once it is gone. */
  readonly undone: number;
  readonly undoneIfGone: number;
  readonly state: string | undefined;
  readonly mirrored: number;
  readonly mayBeHalfWay: boolean;
}

function factsOf(scenario: Scenario, name: string, seen: Observation): Facts {
  const hasMark = scenario.marks.includes(name);
  const built = Object.entries(scenario.indexes).filter(([, migration]) => migration === name);
  return {
    effects: [
      ...(hasMark ? [Number(seen.marks.get(name) ?? 0)] : []),
      ...built.map(([index]) => (seen.indexes.includes(index) ? 1 : 0)),
    ],
    undone: Number(seen.marks.get(unmarked(name)) ?? 0),
    undoneIfGone: scenario.backTo !== undefined && hasMark ? 1 : 0,
    state: seen.history.find((row) => row.name === name)?.state,
    mirrored: Number(seen.mirror.get(name) ?? 0),
    mayBeHalfWay: scenario.withoutTransaction.includes(name),
  };
}

type Verdict = Omit<Violation, "what"> & { readonly why: string };

const lost = (why: string): Verdict => ({ invariant: "I1", why, harm: "lost" });

function judgeApplied({ effects, undone, mirrored }: Facts): Verdict | undefined {
  if (effects.includes(0) || undone > 0) return lost("recorded, and not there");
  return mirrored === 1 ? undefined : lost("in the history, and not in pgmigrations");
}

function judgeGone({ effects, undone, undoneIfGone, mirrored }: Facts): Verdict | undefined {
  if (effects.includes(1)) return lost("there, and not recorded");
  if (undone < undoneIfGone) return lost("gone, and nothing has taken it back");
  return mirrored === 0 ? undefined : lost("in pgmigrations, and not in the history");
}

function judgeFacts(facts: Facts): Verdict | undefined {
  const { effects, undone, state } = facts;
  if ([...effects, undone].some((count) => count > 1)) return { invariant: "I1", why: "done twice", harm: "doubled" };
  if (state === "applied") return judgeApplied(facts);
  if (state === undefined) return judgeGone(facts);
  return facts.mayBeHalfWay ? undefined : { invariant: "I2", why: "half-way inside a transaction" };
}

const tell = ({ effects, undone, state, mirrored }: Facts): string =>
  `effects ${effects.join("+")}, undone ${undone}, history ${state ?? "has no row"}, in pgmigrations ${mirrored} times`;

/** I1 and I2, which hold at every moment. */
export const judgeEffects = (scenario: Scenario, seen: Observation): Violation[] =>
  namesOf(scenario).flatMap((name) => {
    const facts = factsOf(scenario, name, seen);
    const verdict = judgeFacts(facts);
    if (verdict === undefined) return [];
    const { why, ...rest } = verdict;
    return [{ ...rest, what: `${why}: ${name}: ${tell(facts)}` }];
  });

/** A migration that has nothing to count would never be missed. */
export function refuseUncounted(scenario: Scenario): void {
  const counted = [...scenario.marks, ...Object.values(scenario.indexes)];
  const uncounted = namesOf(scenario).filter((name) => !counted.includes(name));
  if (uncounted.length > 0) throw new Error(`${scenario.name} has nothing to count for ${uncounted.join(", ")}`);
}

export const appliedIn = (seen: Observation): string[] =>
  seen.history.filter((row) => row.state === "applied").map((row) => row.name);
