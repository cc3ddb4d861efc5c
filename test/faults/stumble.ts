import { startAgent } from "./agent.ts";
import { appliedIn, judgeEffects } from "./judge/effects.ts";
import { judgeReport } from "./judge/report.ts";
import { broken, type Violation } from "./judge/violation.ts";
import type { Lab } from "./lab.ts";
import type { Task } from "./lanes.ts";
import { observe } from "./observe.ts";
import { commandOf, stumbling } from "./scenarios.ts";
import type { SweepOptions } from "./sweep.ts";
import { countCase, type Tally } from "./tally.ts";

const NAME = "stumble";

/** The code of a migration that failed and was rolled back. */
const FAILED = 6;

/** Migrations are sent ahead of the answers: behind one that fails at its very end, none may be committed. */
async function stumble(lab: Lab): Promise<{ violations: Violation[]; output: string }> {
  const database = await lab.database(stumbling.scenario);
  const dir = lab.folder(database.name, { ...stumbling.scenario.before, ...stumbling.scenario.files });
  const before = await observe(lab, database.name);
  const ended = await startAgent(lab.bundle, commandOf(stumbling.scenario, dir), database.url()).ended;
  const after = await observe(lab, database.name);
  await database.drop();
  const behind = appliedIn(after).filter((name) => name >= stumbling.failing);
  return {
    violations: [
      ...judgeEffects(stumbling.scenario, after),
      ...judgeReport(ended, before, after),
      ...(ended.code === FAILED ? [] : [broken("I4", `ended with ${ended.code}, not with ${FAILED}`)]),
      ...(behind.length === 0
        ? []
        : [broken("I1", `applied although ${stumbling.failing} failed: ${behind.join(", ")}`)]),
    ],
    output: ended.stderr,
  };
}

/** A task without a fault of ours: the migration itself fails. */
export const stumbleTasks = (tally: Tally, { only }: SweepOptions): Task[] =>
  NAME.startsWith(only) ? [async (lab) => countCase(tally, NAME, { name: NAME, ...(await stumble(lab)) })] : [];
