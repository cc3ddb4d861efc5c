// Most runs collect nothing, and a start has no time for the two modules.
function garbageCollector(): () => void {
  process.getBuiltinModule("node:v8").setFlagsFromString("--expose-gc");
  const collect: unknown = process.getBuiltinModule("node:vm").runInNewContext("gc");
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
