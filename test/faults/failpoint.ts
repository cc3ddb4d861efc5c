import { setTimeout as sleep } from "node:timers/promises";
import type { Agent } from "./agent.ts";
import { type Blocker, openBlocker } from "./blocker.ts";
import type { FaultKind, Moment } from "./fault-kinds.ts";
import type { Lab } from "./lab.ts";
import type { Frame } from "./proxy/frames.ts";
import type { Link } from "./proxy/link.ts";
import { createNamer, type Point, pointName } from "./record.ts";
import type { Tamper } from "./trial.ts";

/** One place and one fault. */
export interface Failpoint {
  readonly point: Point;
  readonly moment: Moment;
  readonly fault: FaultKind;
}

export interface Armed extends Tamper {
  readonly fired: () => boolean;
}

/** client_connection_check_interval, and a little more: then a backend in the middle of its work has noticed. */
const NOTICED_MS = 2_600;

interface Target extends Failpoint {
  readonly lab: Lab;
  readonly database: string;
  readonly agent: Agent;
}

/** Brings the message to the moment of the fault. */
async function approach(link: Link, moment: Moment, forward: () => void): Promise<void> {
  // With nothing else under way, this is the one gap and no other.
  await link.settled();
  if (moment === "after") link.hold();
  if (moment !== "before") forward();
  if (moment === "after") await link.settled();
}

async function strike(target: Target, link: Link, frame: Frame): Promise<void> {
  const { lab, database, agent, moment, fault } = target;
  let sent = false;
  const forward = () => {
    if (!sent) link.forward(frame);
    sent = true;
  };
  const blocker: Blocker | undefined = moment === "during" ? await openBlocker(lab, database) : undefined;
  try {
    await approach(link, moment, forward);
    await blocker?.blocks(link);
    await fault.strike({ agent, link, lab, forward });
    if (blocker !== undefined && fault.goesUnnoticed) await sleep(NOTICED_MS);
  } finally {
    await blocker?.leave();
  }
  forward();
  link.release();
}

/** Lets everything pass until the failpoint is reached, strikes once, and lets everything pass again. */
export function arm(lab: Lab, failpoint: Failpoint & { readonly database: string }): Armed {
  const goal = pointName(failpoint.point);
  const nameOf = createNamer();
  let agent: Agent | undefined;
  let fired = false;
  let striking: Promise<void> = Promise.resolve();
  let trouble: unknown;
  return {
    aimAt: (one) => {
      agent = one;
    },
    fired: () => fired,
    over: async () => await striking.catch(() => undefined),
    trouble: () => trouble,
    answered: () => undefined,
    async query(link, frame, text) {
      try {
        const here = nameOf(link, text);
        if (fired || agent === undefined || here === undefined || pointName(here) !== goal) return link.forward(frame);
        fired = true;
        striking = strike({ ...failpoint, lab, agent }, link, frame);
        await striking;
      } catch (error) {
        trouble ??= error;
        link.cut();
      }
    },
  };
}
