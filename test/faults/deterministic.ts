import { caseName, runCase } from "./case.ts";
import type { Lab } from "./lab.ts";
import type { Task } from "./lanes.ts";
import { planCases, selected } from "./plan.ts";
import { recordPoints } from "./record.ts";
import { scenarios } from "./scenarios.ts";
import { countCase, type Tally } from "./tally.ts";

/** A task for every case of every scenario whose name begins with `only`. */
export async function deterministicTasks(lab: Lab, tally: Tally, only: string): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const scenario of scenarios) {
    if (!only.startsWith(scenario.name) && !scenario.name.startsWith(only)) continue;
    const { cases, voids } = planCases(scenario, await recordPoints(lab, scenario));
    for (const [reason, count] of voids) tally.voids.set(reason, (tally.voids.get(reason) ?? 0) + count);
    for (const one of selected(cases, only)) {
      tasks.push(async (there) => {
        const verdict = await runCase(there, one);
        countCase(tally, `${scenario.name} ${one.fault.name}`, { name: caseName(one), ...verdict });
      });
    }
  }
  return tasks;
}
