/** `last-resort` also moves what is left together, so that whole pages go back to the system; it takes twice as long. */
type Flavor = "regular" | "last-resort";

let collector: ((flavor: Flavor) => void) | undefined;

// Most runs collect nothing, and a start has no time for the two modules.
function makeCollector(): (flavor: Flavor) => void {
  process.getBuiltinModule("node:v8").setFlagsFromString("--expose-gc");
  const gc: unknown = process.getBuiltinModule("node:vm").runInNewContext("gc");
  return (flavor) => {
    if (typeof gc === "function") gc({ type: "major", flavor });
  };
}

function collect(flavor: Flavor): void {
  collector ??= makeCollector();
  collector(flavor);
}

/** Whoever has handled fewer leaves too little to be worth the time. */
const MANY = 2_000;

/**
 * Collects the garbage of so many migrations, in some 50 ms, if they are many. V8 lets it grow while the machine has memory,
 * and knows nothing of what a container's limit has to hold.
 */
export function collectAfter(migrations: number): void {
  if (migrations >= MANY) collect("last-resort");
}

/** Gives a function that collects the garbage, in some 20 ms, at each of so many calls. */
export function collectEach(times: number): () => void {
  let left = times;
  return () => {
    left -= 1;
    if (left > 0) return;
    left = times;
    collect("regular");
  };
}
