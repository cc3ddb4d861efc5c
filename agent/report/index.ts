import { event } from "./event.ts";
import { files } from "./files.ts";
import { logSummary } from "./log-summary.ts";
import { runRow } from "./run-row.ts";
import type { Delivery, Sink } from "./sink.ts";
import { terminationMessage } from "./termination-message.ts";

/** Every sink. */
export const sinks: readonly Sink[] = [runRow, terminationMessage, event, files, logSummary];

const LIMIT_MS = 5_000;

async function deliverTo(sink: Sink, delivery: Delivery): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
  });
  try {
    await Promise.race([sink.deliver(delivery), tooSlow]);
  } catch (error) {
    delivery.log.warn(
      `the report did not reach ${sink.name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Tells every sink at once; none of them can change the outcome. */
export async function deliver(delivery: Delivery): Promise<void> {
  await Promise.all(sinks.filter((sink) => sink.wanted(delivery)).map((sink) => deliverTo(sink, delivery)));
}
