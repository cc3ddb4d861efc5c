import { arm, type Failpoint } from "./failpoint.ts";
import { broken } from "./judge/violation.ts";
import type { Lab } from "./lab.ts";
import { pointName } from "./record.ts";
import type { Scenario } from "./scenarios.ts";
import { type Verdict, withTrial } from "./trial.ts";

export interface Case extends Failpoint {
  readonly scenario: Scenario;
}

/** One word that names a case on the command line, e.g. `tx/flight-record#2/after/cut`. */
export const caseName = ({ scenario, point, moment, fault }: Case): string =>
  `${scenario.name}/${pointName(point)}/${moment}/${fault.name}`;

/** A run with the fault, the same command again until it ends well, and the judgement of it all. */
export async function runCase(lab: Lab, one: Case): Promise<Verdict> {
  return await withTrial(lab, one.scenario, async (trial) => {
    const armed = arm(lab, { ...one, database: trial.database });
    await trial.run(one.scenario, armed);
    if (!armed.fired()) trial.blame(broken("sweep", `${pointName(one.point)} was never reached`));
    const verdict = await trial.finish(one.scenario);
    if (one.fault.name !== "crash") return verdict;
    // A server that crashed keeps temporary tables until their number is used again: PostgreSQL's own way.
    return { ...verdict, violations: verdict.violations.filter(({ what }) => !what.includes("temporary object")) };
  });
}
