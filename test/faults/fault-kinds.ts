import { setTimeout as sleep } from "node:timers/promises";
import type { Agent } from "./agent.ts";
import type { Lab } from "./lab.ts";
import type { Link } from "./proxy/link.ts";
import type { Point } from "./record.ts";

/**
 * When a fault strikes a message: `before` the server has it; `sent` to the server and not waited for; `during` its
 * work, while it waits for a writer; or `after` the server's answer, which is held back.
 */
export const moments = ["before", "sent", "during", "after"] as const;
export type Moment = (typeof moments)[number];

export interface Strike {
  readonly agent: Agent;
  readonly link: Link;
  readonly lab: Lab;
  /** Sends the message on, if it has not been yet. */
  readonly forward: () => void;
}

export interface FaultKind {
  readonly name: string;
  readonly title: string;
  /** Why this pair of message and moment is left out, or undefined. */
  readonly isVoid: (point: Point, moment: Moment) => string | undefined;
  /** A statement that is met in its middle has to wait until the server has noticed that its agent is gone. */
  readonly goesUnnoticed?: true;
  /** Does it. The message goes on afterwards, unless the link is gone. */
  readonly strike: (strike: Strike) => Promise<void>;
}

const SAME_AS_NEXT = "a dead agent cannot tell whether it had the answer: the same as before the next message";
const NOTHING_DONE =
  "nothing was committed, and the connection is gone either way: the same as before the next message";
const RIDES = "it goes out in one packet with the message before it, and only reads";
const WAITS_FOR_NOBODY = "only a statement that waits for writers can be met in its middle";
const NOT_A_COMMIT = "only a COMMIT whose fate is open makes a difference";
const READS = "nothing to lose: the message only reads";

/** What is void whatever the fault is. */
function usual({ kind }: Point, moment: Moment): string | undefined {
  if (kind.rides) return RIDES;
  if (moment === "during") return kind.waits ? undefined : WAITS_FOR_NOBODY;
  if (moment === "sent" && !kind.commits) return NOT_A_COMMIT;
  return moment !== "before" && kind.reads ? READS : undefined;
}

/** As `usual`, for what ends the connection: an answer that tells of nothing lasting is as good as none. */
const losing = (point: Point, moment: Moment): string | undefined =>
  usual(point, moment) ?? (moment === "after" && !point.kind.commits && !point.kind.locks ? NOTHING_DONE : undefined);

/** Long enough for a dead connection's last words to arrive after the agent has come back, milliseconds. */
const LATE_MS = 400;

/** Every kind of fault; each is a column of the table that the sweep prints. */
export const faultKinds: readonly FaultKind[] = [
  {
    name: "kill",
    title: "SIGKILL",
    isVoid: (point, moment) => usual(point, moment) ?? (moment === "after" ? SAME_AS_NEXT : undefined),
    goesUnnoticed: true,
    async strike({ agent, link }) {
      agent.process.kill("SIGKILL");
      await agent.ended;
      link.cut();
    },
  },
  {
    name: "term",
    title: "SIGTERM",
    isVoid: usual,
    async strike({ agent }) {
      agent.process.kill("SIGTERM");
      // It cancels what is in flight from a second connection; the message must come upon that.
      await sleep(50);
    },
  },
  {
    name: "terminate",
    title: "backend terminated",
    isVoid: losing,
    async strike({ lab, link }) {
      await lab.sql("postgres", `SELECT pg_terminate_backend(${link.pid}, 5000)`);
    },
  },
  {
    name: "cut",
    title: "network cut",
    isVoid: losing,
    goesUnnoticed: true,
    strike: async ({ link }) => link.cut(),
  },
  {
    name: "late",
    title: "cut, COMMIT arrives late",
    isVoid: ({ kind }, moment) => (kind.commits && moment === "before" ? undefined : NOT_A_COMMIT),
    async strike({ link, forward }) {
      link.cutAgent();
      await sleep(LATE_MS);
      forward();
      await link.settled();
      link.cut();
    },
  },
  {
    name: "crash",
    title: "server crash and restart",
    isVoid: losing,
    async strike({ lab }) {
      await lab.server.stop("immediate");
      await lab.server.start();
    },
  },
];
