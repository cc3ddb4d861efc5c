import { type Case, caseName } from "./case.ts";
import { faultKinds, moments } from "./fault-kinds.ts";
import { type Point, pointName } from "./record.ts";
import type { Scenario } from "./scenarios.ts";

export interface Plan {
  readonly cases: readonly Case[];
  /** How many pairs were left out for each reason. */
  readonly voids: ReadonlyMap<string, number>;
}

/** Messages before the first that this scenario is about are the same in another one. */
const SWEPT_ELSEWHERE = "the same message of the same run is swept in another scenario";

/** Index of the first and the last message that the scenario is about. */
function ownPart({ name, from, until }: Scenario, names: readonly string[]): readonly [number, number] {
  const place = (point: string): number => {
    const at = names.indexOf(point);
    if (at < 0) throw new Error(`scenario ${name}: its runs have no message ${point}, only ${names.join(" ")}`);
    return at;
  };
  return [from === undefined ? 0 : place(from), until === undefined ? names.length : place(until)];
}

/** Every message of a run × every moment × every fault, less the void ones. */
export function planCases(scenario: Scenario, points: readonly Point[]): Plan {
  const [first, last] = ownPart(scenario, points.map(pointName));
  const cases: Case[] = [];
  const voids = new Map<string, number>();
  const add = (one: Case, own: boolean) => {
    const reason = own ? one.fault.isVoid(one.point, one.moment) : SWEPT_ELSEWHERE;
    if (reason === undefined) cases.push(one);
    else voids.set(reason, (voids.get(reason) ?? 0) + 1);
  };
  for (const [at, point] of points.entries()) {
    const own = at >= first && at <= last;
    for (const moment of moments) for (const fault of faultKinds) add({ scenario, point, moment, fault }, own);
  }
  return { cases, voids };
}

export const selected = (cases: readonly Case[], only: string): Case[] =>
  cases.filter((one) => caseName(one).startsWith(only));
