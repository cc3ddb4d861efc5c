import { type Agent, type Ended, startAgent } from "./agent.ts";
import { appliedIn, judgeEffects, refuseUncounted } from "./judge/effects.ts";
import { judgeEnd, judgeOutput } from "./judge/end.ts";
import { judgeReport, judgeRuns } from "./judge/report.ts";
import { broken, type Violation } from "./judge/violation.ts";
import type { Lab } from "./lab.ts";
import { leftovers, type Observation, observe } from "./observe.ts";
import type { Gate } from "./proxy/link.ts";
import { openProxy } from "./proxy/proxy.ts";
import { commandOf, namesOf, type Scenario } from "./scenarios.ts";

/** What a gate of the sweep tells besides. */
export interface Tamper extends Gate {
  /** Gets the process that the faults are meant for. */
  aimAt(agent: Agent): void;
  /** Resolves when a fault that has begun is over: the agent may end before it. */
  over(): Promise<void>;
  /** What went wrong in the sweep itself, if anything: an unknown message, a fault that could not be done. */
  readonly trouble: () => unknown;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** What the agent said, run by run. */
  readonly output: string;
}

/** One database from its first run to the last judgement. */
export interface Trial {
  readonly database: string;
  /** Runs the agent once and judges what it left; `tamper` stands between it and the server. */
  run(scenario: Scenario, tamper?: Tamper): Promise<Ended>;
  /** Names that were not applied when the last run had ended. */
  pending(scenario: Scenario): string[];
  /** Notes what else does not hold. */
  blame(violation: Violation): void;
  /** Runs the same command until it ends well, at most three times more, and judges the end. */
  finish(scenario: Scenario): Promise<Verdict>;
}

const CHANCES = 3;

/** Codes that a run may end with when something was done to it: all is well, try again, told to stop. */
const HONEST = [0, 2, 4, 143];

const talkOf = ({ code, signal, stderr }: Ended, index: number): string =>
  `run ${index + 1} ended with ${code ?? signal}\n${stderr.trimEnd()}`;

async function runTampered(lab: Lab, args: readonly string[], target: Target): Promise<Ended> {
  const { tamper } = target;
  if (tamper === undefined) return await startAgent(lab.bundle, args, target.url()).ended;
  const proxy = await openProxy(lab.server.port, tamper);
  const agent = startAgent(lab.bundle, args, target.url(proxy.port));
  tamper.aimAt(agent);
  const ended = await agent.ended;
  await tamper.over();
  await proxy.close();
  const trouble = tamper.trouble();
  if (trouble !== undefined) throw trouble;
  return ended;
}

interface Target {
  readonly url: (port?: number) => string;
  readonly tamper: Tamper | undefined;
}

function judgeRun(scenario: Scenario, ended: Ended, [before, after]: readonly [Observation, Observation]): Violation[] {
  const honest = ended.code === null || HONEST.includes(ended.code);
  return [
    ...judgeEffects(scenario, after),
    ...judgeReport(ended, before, after),
    ...judgeOutput(ended),
    ...(honest ? [] : [broken("I9", `ended with ${ended.code}`)]),
  ];
}

/** A fresh database as the scenario wants it; dropped when `work` is done. */
export async function withTrial<T>(lab: Lab, first: Scenario, work: (trial: Trial) => Promise<T>): Promise<T> {
  refuseUncounted(first);
  const database = await lab.database(first);
  const runs: Ended[] = [];
  const violations: Violation[] = [];
  let seen = await observe(lab, database.name);
  const run = async (scenario: Scenario, tamper?: Tamper): Promise<Ended> => {
    const dir = lab.folder(database.name, { ...scenario.before, ...scenario.files });
    const ended = await runTampered(lab, commandOf(scenario, dir), { url: database.url, tamper });
    const before = seen;
    seen = await observe(lab, database.name);
    runs.push(ended);
    violations.push(...judgeRun(scenario, ended, [before, seen]));
    return ended;
  };
  const finish = async (scenario: Scenario): Promise<Verdict> => {
    for (let chance = 0; chance < CHANCES && runs.at(-1)?.code !== 0; chance += 1) await run(scenario);
    const left = await leftovers(lab, database.name);
    seen = await observe(lab, database.name);
    violations.push(...judgeRuns(runs, seen, first.empty ? 0 : 1), ...judgeEnd(scenario, seen, left));
    return { violations, output: runs.map(talkOf).join("\n") };
  };
  const pending = (scenario: Scenario) => namesOf(scenario).filter((name) => !appliedIn(seen).includes(name));
  const blame = (violation: Violation) => void violations.push(violation);
  try {
    return await work({ database: database.name, run, finish, pending, blame });
  } finally {
    await database.drop();
  }
}
