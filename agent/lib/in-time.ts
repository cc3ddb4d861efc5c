import { sleep } from "./clock.ts";
import { formatDuration } from "./duration.ts";

/** What `work` gives, or a rejection when that takes longer than `ms`; the work itself goes on then. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, over.signal).then(() => {
    throw new Error(`no answer in ${formatDuration(ms)}`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
