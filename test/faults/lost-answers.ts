import { createGrowing } from "./growing.ts";
import { broken } from "./judge/violation.ts";
import type { Lab } from "./lab.ts";
import type { Task } from "./lanes.ts";
import { kindOf } from "./messages.ts";
import type { Frame } from "./proxy/frames.ts";
import type { Link } from "./proxy/link.ts";
import { createRandom, type Random } from "./random.ts";
import { doesTheWork, UnknownMessage } from "./record.ts";
import type { SweepOptions } from "./sweep.ts";
import { keep, type Tally } from "./tally.ts";
import { type Tamper, withTrial } from "./trial.ts";

/** On which side of the server's COMMIT the connection breaks. */
export type Side = "neverArrived" | "answerLost";

const sides: readonly Side[] = ["neverArrived", "answerLost"];

/** Connections that one run loses: fewer than it takes up again. */
const CUTS_A_RUN = 4;

const MIGRATIONS = 12;

interface Scissors extends Tamper {
  readonly cuts: () => number;
}

/** Cuts at COMMITs chosen by chance, each time on the same side. */
function scissors(side: Side, random: Random): Scissors {
  let cuts = 0;
  let trouble: unknown;
  const cut = async (link: Link, frame: Frame): Promise<void> => {
    cuts += 1;
    await link.settled();
    if (side === "answerLost") {
      link.hold();
      link.forward(frame);
      await link.settled();
    }
    link.cut();
  };
  return {
    aimAt: () => undefined,
    over: async () => undefined,
    trouble: () => trouble,
    cuts: () => cuts,
    answered: () => undefined,
    async query(link, frame, text) {
      const kind = kindOf(text);
      if (kind === undefined) trouble ??= new UnknownMessage(text);
      const isCommit = kind?.name === "flight-record" && doesTheWork(link);
      if (isCommit && cuts < CUTS_A_RUN && random() < 0.5) await cut(link, frame);
      else link.forward(frame);
    },
  };
}

async function loseAnswers(lab: Lab, tally: Tally, { name, seed, side }: { name: string; seed: string; side: Side }) {
  const random = createRandom(`${seed}/${name}`);
  const growing = createGrowing("answers", random, { onlyInTransactions: true });
  growing.grow(MIGRATIONS);
  const verdict = await withTrial(lab, growing.scenario(), async (trial) => {
    const tamper = scissors(side, random);
    const ended = await trial.run(growing.scenario(), tamper);
    tally.answers[side] += tamper.cuts();
    if (ended.code !== 0) trial.blame(broken("I9", `ended with ${ended.code} although every connection came back`));
    return await trial.finish(growing.scenario());
  });
  tally.answers.wrong += verdict.violations.length;
  keep(tally, { name, ...verdict });
}

/** Tasks that lose the answer of 50 COMMITs on each side, and of a sixth as many as there are random kills if that is more. */
export function lostAnswerTasks(tally: Tally, { seed, kills, only }: SweepOptions): Task[] {
  const runs = Math.ceil(Math.max(50, kills / 6) / CUTS_A_RUN);
  return sides
    .flatMap((side) =>
      Array.from({ length: runs }, (_, index) => ({ name: `answers/${side}/${index + 1}`, seed, side })),
    )
    .filter(({ name }) => name.startsWith(only))
    .map(
      (one): Task =>
        async (lab) =>
          await loseAnswers(lab, tally, one),
    );
}
