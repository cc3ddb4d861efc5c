import { leakIn } from "../../support/canary.ts";
import type { Ended } from "../agent.ts";
import type { Observation } from "../observe.ts";
import { namesAtEnd, type Scenario } from "../scenarios.ts";
import { appliedIn, judgeEffects } from "./effects.ts";
import { namesInHistory, without } from "./report.ts";
import { broken, type Violation } from "./violation.ts";

const leaks = (text: string): boolean => leakIn(text) !== undefined;

/** I5 for what one run has said. */
export const judgeOutput = ({ stdout, stderr }: Ended): Violation[] =>
  leaks(`${stdout}${stderr}`) ? [broken("I5", "the password is in the output")] : [];

/** The end of a case: all is as the command wants it, and nothing is left. */
export function judgeEnd(scenario: Scenario, seen: Observation, left: readonly string[]): Violation[] {
  const wanted = namesAtEnd(scenario);
  return [
    ...judgeEffects(scenario, seen),
    ...without(wanted, appliedIn(seen)).map((name) => broken("I9", `${name} is not applied in the end`)),
    ...without(namesInHistory(seen), wanted).map((name) => broken("I9", `${name} is not taken back in the end`)),
    ...left.map((what) => broken("I7", `left behind: ${what}`)),
    ...(seen.runs.some(({ report }) => leaks(report ?? "")) ? [broken("I5", "the password is in headgate.run")] : []),
    ...seen.invalid.map((index) => broken("I7", `left behind: the invalid index ${index}`)),
  ];
}
