import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return () => {
    if (typeof collect === "function") collect({ type: "major" });
  };
}

/**
 * Gives a function that collects all garbage at each of so many calls. V8 lets it grow while the machine has memory, and
 * knows nothing of what a container's limit has to hold.
 */
export function collectEach(times: number): () => void {
  let collect: (() => void) | undefined;
  let left = times;
  return () => {
    left -= 1;
    if (left > 0) return;
    left = times;
    collect ??= garbageCollector();
    collect();
  };
}
