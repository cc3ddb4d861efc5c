import { type Ended, startAgent } from "./agent.ts";
import { createBarrier } from "./barrier.ts";
import { appliedIn } from "./judge/effects.ts";
import { judgeEnd, judgeOutput } from "./judge/end.ts";
import { reported, without } from "./judge/report.ts";
import { broken, type Violation } from "./judge/violation.ts";
import type { Lab } from "./lab.ts";
import type { Task } from "./lanes.ts";
import { leftovers, observe } from "./observe.ts";
import { openProxy } from "./proxy/proxy.ts";
import { createRandom } from "./random.ts";
import { commandOf, namesAtEnd, type Scenario, scenarios } from "./scenarios.ts";
import type { SweepOptions } from "./sweep.ts";
import { keep, type Tally } from "./tally.ts";

const AGENTS = 20;

const didOf = (ended: Ended): string[] => {
  const report = reported(ended);
  return [...(report?.applied ?? []), ...(report?.reverted ?? [])];
};

/** I3: one of them does all that is to be done, and every other one finds that out or says that it is busy. */
function judgeCrowd(all: readonly Ended[], expected: readonly string[]): Violation[] {
  const doers = all.map(didOf).filter((did) => did.length > 0);
  const dishonest = all.filter(({ code }) => code !== 0 && code !== 4);
  const told = doers.map((did) => did.join(", ")).join(" and ");
  return [
    ...dishonest.map(({ code, signal }) => broken("I3", `one of ${all.length} ended with ${code ?? signal}`)),
    ...(doers.length === 1 && doers[0]?.length === expected.length
      ? []
      : [broken("I3", `${doers.length} of ${all.length} say that they did something: ${told}`)]),
  ];
}

const talk = ({ code, stderr }: Ended): string => `ended with ${code}\n${stderr.trimEnd()}`;

async function runCrowd(
  lab: Lab,
  tally: Tally,
  { name, seed, scenario }: { name: string; seed: string; scenario: Scenario },
) {
  const random = createRandom(`${seed}/${name}`);
  const database = await lab.database(scenario);
  const dir = lab.folder(database.name, { ...scenario.before, ...scenario.files });
  const before = appliedIn(await observe(lab, database.name));
  const wanted = namesAtEnd(scenario);
  const expected = [...without(wanted, before), ...without(before, wanted)];
  const barrier = createBarrier(AGENTS, random);
  const proxy = await openProxy(lab.server.port, barrier);
  const start = () => startAgent(lab.bundle, commandOf(scenario, dir), database.url(proxy.port)).ended;
  const all = await Promise.all(Array.from({ length: AGENTS }, start));
  await proxy.close();
  const trouble = barrier.trouble();
  if (trouble !== undefined) throw trouble;
  const left = await leftovers(lab, database.name);
  const violations = [
    ...judgeCrowd(all, expected),
    ...judgeEnd(scenario, await observe(lab, database.name), left),
    ...all.flatMap(judgeOutput),
  ];
  await database.drop();
  tally.crowd.rounds += 1;
  tally.crowd.agents = AGENTS;
  if (violations.length > 0) tally.crowd.wrong += 1;
  keep(tally, { name, violations, output: all.map(talk).join("\n") });
}

/** Rounds of twenty at once: each scenario in turn, more rounds for more kills. */
export function crowdTasks(tally: Tally, { seed, kills, only }: SweepOptions): Task[] {
  const rounds = Math.max(4, Math.round(kills / 150));
  return Array.from({ length: rounds }, (_, index) => ({
    name: `crowd/${index + 1}`,
    seed,
    scenario: scenarios[(index + 1) % scenarios.length],
  })).flatMap(({ name, scenario }): Task[] =>
    scenario === undefined || !name.startsWith(only)
      ? []
      : [async (lab) => await runCrowd(lab, tally, { name, seed, scenario })],
  );
}
