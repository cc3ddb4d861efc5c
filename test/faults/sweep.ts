import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Arguments } from "./arguments.ts";
import { crowdTasks } from "./crowd.ts";
import { deterministicTasks } from "./deterministic.ts";
import type { Lab } from "./lab.ts";
import { runInLanes, type Task, withLabs } from "./lanes.ts";
import { lostAnswerTasks } from "./lost-answers.ts";
import { randomKillTasks } from "./random-kills.ts";
import { stumbleTasks } from "./stumble.ts";
import { createTally, type Tally } from "./tally.ts";

export type SweepOptions = Pick<Arguments, "seed" | "kills" | "only" | "lanes"> & {
  readonly say: (text: string) => void;
  /** Ends it between two cases; what was counted until then stands. */
  readonly signal: AbortSignal;
  /** Ends it at the first case that does not hold. */
  readonly stopAtFirst?: boolean;
};

/** A folder for one sweep's files, removed afterwards. */
export async function withHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "headgate-sweep-"));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The order of the table: every gap first, then chance. */
async function tasksOf(lab: Lab, tally: Tally, options: SweepOptions): Promise<Task[]> {
  return [
    ...(await deterministicTasks(lab, tally, options.only)),
    ...stumbleTasks(tally, options),
    ...randomKillTasks(tally, options),
    ...lostAnswerTasks(tally, options),
    ...crowdTasks(tally, options),
  ];
}

/** Says what was found as it is found, and every so often how far it is. */
function watched(tasks: readonly Task[], tally: Tally, { say, signal, stopAtFirst = false }: SweepOptions): Task[] {
  let done = 0;
  let said = 0;
  const watch = async (task: Task, lab: Lab): Promise<void> => {
    if (signal.aborted || (stopAtFirst && tally.findings.length > 0)) return;
    await task(lab);
    done += 1;
    for (const { name, violations } of tally.findings.slice(said)) {
      say(`${name}: ${violations.map(({ invariant, what }) => `${invariant} ${what}`).join("; ")}`);
    }
    said = tally.findings.length;
    if (done % 50 === 0) say(`${done} of ${tasks.length} done, ${said} did not hold`);
  };
  return tasks.map((task) => async (lab) => await watch(task, lab));
}

/** Runs everything that `only` selects against one version of PostgreSQL. */
export async function sweep(bundle: string, options: SweepOptions): Promise<Tally> {
  return await withLabs(bundle, options.lanes, async (labs) => {
    const [first] = labs;
    if (first === undefined) throw new Error("a sweep wants at least one lane");
    const tally = createTally(first.serverVersion);
    const tasks = await tasksOf(first, tally, options);
    if (tasks.length === 0) throw new Error(`nothing has a name that begins with "${options.only}"`);
    await runInLanes(labs, watched(tasks, tally, options));
    return tally;
  });
}
