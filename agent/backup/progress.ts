import { elapsed } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import { inUnits } from "../lib/units.ts";
import type { BackupContext } from "./context.ts";

const LINE_MS = 10_000;
const TICK_MS = 200;

export interface Progress {
  add(bytes: number): void;
  stop(): void;
}

/** Tells how many bytes there are so far: on a terminal all the time, elsewhere in a line each 10 s. */
export function startProgress({ log, ticker }: Pick<BackupContext, "log" | "ticker">, what: string): Progress {
  const began = elapsed();
  let bytes = 0;
  const text = () => `  ${what}: ${inUnits(bytes)} in ${formatDuration(elapsed() - began)}`;
  const tell = () => (ticker === undefined ? log.info(text()) : ticker(text()));
  const timer = setInterval(tell, ticker === undefined ? LINE_MS : TICK_MS).unref();
  return {
    add(more) {
      bytes += more;
    },
    stop() {
      clearInterval(timer);
      ticker?.("");
    },
  };
}
