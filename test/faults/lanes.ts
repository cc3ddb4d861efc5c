import { type Lab, withLab } from "./lab.ts";

/** Work for one lab. */
export type Task = (lab: Lab) => Promise<void>;

/** Does tasks on `count` labs, each with a server of its own, so that a crash of one disturbs no other. */
export async function runInLanes(labs: readonly Lab[], tasks: readonly Task[]): Promise<void> {
  const queue = [...tasks];
  const drain = async (lab: Lab): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task(lab);
  };
  await Promise.all(labs.map(drain));
}

/** Starts `count` labs, and removes them afterwards. */
export async function withLabs<T>(
  bundle: string,
  count: number,
  work: (labs: readonly Lab[]) => Promise<T>,
): Promise<T> {
  const open = async (labs: readonly Lab[]): Promise<T> =>
    labs.length === count ? await work(labs) : await withLab(bundle, async (lab) => await open([...labs, lab]));
  return await open([]);
}
