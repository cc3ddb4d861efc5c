/** `last-resort` also moves what is left together, so that whole pages go back to the system; it takes twice as long. */
type Flavor = "regular" | "last-resort";

let collector: ((flavor: Flavor) => void) | undefined;

// Most runs collect nothing, and a start has no time for the two modules.
function makeCollector(): (flavor: Flavor) => void {
  process.getBuiltinModule("node:v8").setFlagsFromString("--expose-gc");
  const collect: unknown = process.getBuiltinModule("node:vm").runInNewContext("gc");
  return (flavor) => {
    if (typeof collect === "function") collect({ type: "major", flavor });
  };
}

/**
 * Collects all garbage, in some 20 to 50 ms. V8 lets it grow while the machine has memory, and knows nothing of what a
 * container's limit has to hold.
 */
export function collectGarbage(flavor: Flavor): void {
  collector ??= makeCollector();
  collector(flavor);
}

/** Gives a function that collects the garbage at each of so many calls. */
export function collectEach(times: number): () => void {
  let left = times;
  return () => {
    left -= 1;
    if (left > 0) return;
    left = times;
    collectGarbage("regular");
  };
}
