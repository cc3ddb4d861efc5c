import { setTimeout as sleep } from "node:timers/promises";
import { kindOf } from "./messages.ts";
import type { Gate } from "./proxy/link.ts";
import type { Random } from "./random.ts";
import { doesTheWork, UnknownMessage } from "./record.ts";

/** Agents that never get there hold the others up no longer than this, milliseconds. */
const PATIENCE_MS = 30_000;

/** Released at once, they come to the server within this time of one another, milliseconds. */
const SPREAD_MS = 50;

export interface Barrier extends Gate {
  /** A message that nobody knows, if there was one. */
  readonly trouble: () => unknown;
}

/**
 * Holds each agent where it asks for the run lock for the first time, until `count` of them are there: all have planned
 * the same work by then, however fast the first one was.
 */
export function createBarrier(count: number, random: Random): Barrier {
  const { promise: full, resolve } = Promise.withResolvers<void>();
  const met = new WeakSet<object>();
  let waiting = 0;
  let trouble: unknown;
  return {
    trouble: () => trouble,
    answered: () => undefined,
    async query(link, frame, text) {
      const kind = kindOf(text);
      if (kind === undefined) trouble ??= new UnknownMessage(text);
      if (kind?.locks && doesTheWork(link) && !met.has(link)) {
        met.add(link);
        waiting += 1;
        const delayMs = random() * SPREAD_MS;
        if (waiting === count) resolve();
        await Promise.race([full, sleep(PATIENCE_MS, undefined, { ref: false })]);
        await sleep(delayMs);
      }
      link.forward(frame);
    },
  };
}
