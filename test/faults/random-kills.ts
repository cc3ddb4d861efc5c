import type { Agent } from "./agent.ts";
import { createGrowing, type Growing } from "./growing.ts";
import type { Lab } from "./lab.ts";
import type { Task } from "./lanes.ts";
import { kindOf } from "./messages.ts";
import { below, createRandom, type Random } from "./random.ts";
import { doesTheWork, UnknownMessage } from "./record.ts";
import type { SweepOptions } from "./sweep.ts";
import { keep, type Tally } from "./tally.ts";
import { type Tamper, type Trial, withTrial } from "./trial.ts";

/** Kills on one database: each is met by the next run, which has more migrations to do. */
const KILLS_A_SERIES = 20;

/** Migrations that wait when a run begins. */
const PENDING = 8;

/** Answers that a run with PENDING migrations gets, roughly: an aim behind the end hits nothing. */
const ANSWERS = 50;

/** A kill comes up to so much later than the answer it is aimed at, milliseconds. */
const SPREAD_MS = 4;

interface Gun extends Tamper {
  /** It hit the agent after the first and before the last answer of the run. */
  readonly landed: () => boolean;
}

/** Kills the agent `delayMs` after its answer number `number`, without regard for what is under way. */
function aim(number: number, delayMs: number): Gun {
  let agent: Agent | undefined;
  let answers = 0;
  let isOver = false;
  let landed = false;
  let trouble: unknown;
  const shoot = () => {
    const hit = agent?.process.exitCode === null && agent.process.kill("SIGKILL");
    landed = hit && !isOver;
  };
  return {
    aimAt: (one) => {
      agent = one;
    },
    over: async () => undefined,
    trouble: () => trouble,
    landed: () => landed,
    async query(link, frame, text) {
      if (kindOf(text) === undefined) trouble ??= new UnknownMessage(text);
      link.forward(frame);
    },
    answered(link, text) {
      if (!doesTheWork(link)) return;
      answers += 1;
      isOver = kindOf(text)?.name === "end-run";
      if (answers === number) setTimeout(shoot, delayMs);
    },
  };
}

interface Series {
  readonly trial: Trial;
  readonly growing: Growing;
  readonly random: Random;
  readonly kills: Tally["kills"];
}

async function killOnce({ trial, growing, random, kills }: Series): Promise<void> {
  const gun = aim(1 + below(random, ANSWERS), random() * SPREAD_MS);
  growing.grow(PENDING - trial.pending(growing.scenario()).length);
  await trial.run(growing.scenario(), gun);
  kills.done += 1;
  if (gun.landed()) kills.midRun += 1;
}

async function killSeries(
  lab: Lab,
  tally: Tally,
  { name, seed, count }: { name: string; seed: string; count: number },
) {
  const random = createRandom(`${seed}/${name}`);
  const growing = createGrowing("kills", random);
  const verdict = await withTrial(lab, growing.scenario(), async (trial) => {
    for (let kill = 0; kill < count; kill += 1) await killOnce({ trial, growing, random, kills: tally.kills });
    return await trial.finish(growing.scenario());
  });
  for (const { harm } of verdict.violations) if (harm !== undefined) tally.kills[harm] += 1;
  keep(tally, { name, ...verdict });
}

/** A task for every series of random kills that `only` selects. */
export function randomKillTasks(tally: Tally, { seed, kills, only }: SweepOptions): Task[] {
  const series = Math.ceil(kills / KILLS_A_SERIES);
  return Array.from({ length: series }, (_, index) => ({
    name: `kills/${index + 1}`,
    seed,
    count: Math.min(KILLS_A_SERIES, kills - index * KILLS_A_SERIES),
  }))
    .filter(({ name }) => name.startsWith(only))
    .map(
      (one): Task =>
        async (lab) =>
          await killSeries(lab, tally, one),
    );
}
