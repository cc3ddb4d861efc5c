import { setTimeout as sleep } from "node:timers/promises";
import type { Ready } from "./container.ts";
import type { ContainerResult } from "./types.ts";

/** A native sidecar that runs until it is told to end. */
export interface Sidecar {
  end(): Promise<ContainerResult>;
}

const MOST_RESTARTS = 20;
const RESTART_PAUSE_MS = 100;

async function keepRunning(container: Ready, signal: AbortSignal, graceMs: number): Promise<ContainerResult> {
  let result = await container.run({ signal, graceMs });
  for (let restarts = 0; restarts < MOST_RESTARTS && !signal.aborted; restarts += 1) {
    await sleep(RESTART_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const next = await container.run({ signal, graceMs });
    result = { ...next, log: result.log + next.log };
  }
  return result;
}

/** Starts it; one that ends by itself is started again. */
export function startSidecar(container: Ready, graceMs: number): Sidecar {
  const over = new AbortController();
  const running = keepRunning(container, over.signal, graceMs);
  return {
    async end() {
      over.abort();
      return await running;
    },
  };
}
