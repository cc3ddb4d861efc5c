import { readFileSync } from "node:fs";

/** A process, told apart from a later one that got the same number. */
export interface ProcessId {
  readonly pid: number;
  /** In clock ticks since boot: field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

/** Identifies a running process; undefined when there is none of that number. */
export function identify(pid: number): ProcessId | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  // the second field is the program's name in brackets and may hold blanks
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields?.[0], fields?.[19]];
  return startTime === undefined || state === "Z" ? undefined : { pid, startTime };
}

export const isAlive = (id: ProcessId): boolean => identify(id.pid)?.startTime === id.startTime;

/** Ends exactly this process, never a later one of the same number. */
export function kill(id: ProcessId, signal: NodeJS.Signals): void {
  try {
    if (isAlive(id)) process.kill(id.pid, signal);
  } catch {
    // it ended between the look and the signal
  }
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
