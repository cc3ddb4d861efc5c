import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Command } from "./peer.ts";

export interface Sample {
  readonly seconds: number;
  /** Most memory that the process had resident, MiB; undefined where the system does not tell (not Linux). */
  readonly peakMb: number | undefined;
  /** Awaited round trips, where a proxy counted them. */
  readonly roundTrips?: number;
  /** It ended by a limit of its own, in its own words; its time is that until then. */
  readonly limit?: string;
}

export interface MeasureOptions {
  readonly cwd: string;
  /** Takes what the program prints: a pipe would have to be read here, on the same processors. */
  readonly logFile: string;
  readonly signal: AbortSignal;
  /** The peer's own limit, looked for in what it printed. */
  readonly limit?: RegExp | undefined;
}

const LOOK_MS = 5;

function highWater(pid: number): number | undefined {
  try {
    const [, kb] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kb === undefined ? undefined : Number(kb) / 1024;
  } catch {
    return undefined;
  }
}

/** The kernel keeps the peak itself, so looking now and then misses only what grows in the last milliseconds. */
function watchPeak(pid: number): () => number | undefined {
  let peak: number | undefined;
  const look = () => {
    const now = highWater(pid);
    if (now !== undefined) peak = Math.max(peak ?? 0, now);
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

const ended = (child: ChildProcess, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const kill = () => child.kill("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    child.once("error", reject);
    child.once("exit", (code, by) => {
      signal.removeEventListener("abort", kill);
      resolve(code === null ? `by ${by}` : `with ${code}`);
    });
  });

const tailOf = (text: string): string => text.trim().split("\n").slice(-5).join("\n");

/**
 * Runs a program from start to exit. Rejects when it ends with anything but 0 and not by its own limit, with the last
 * lines that it printed.
 */
export async function measure(command: Command, { cwd, logFile, signal, limit }: MeasureOptions): Promise<Sample> {
  signal.throwIfAborted();
  const log = openSync(logFile, "w");
  const env = { PATH: process.env.PATH, HOME: cwd, ...command.env };
  const began = performance.now();
  const child = spawn(command.program, command.args, { cwd, env, stdio: ["ignore", log, log] });
  const peak = child.pid === undefined || command.loop === true ? () => undefined : watchPeak(child.pid);
  try {
    const end = await ended(child, signal);
    const seconds = (performance.now() - began) / 1_000;
    signal.throwIfAborted();
    if (end === "with 0") return { seconds, peakMb: peak() };
    const printed = readFileSync(logFile, "utf8");
    const [own] = limit?.exec(printed) ?? [];
    if (own === undefined) throw new Error(`ended ${end}: ${tailOf(printed)}`);
    return { seconds, peakMb: peak(), limit: own };
  } finally {
    peak();
    closeSync(log);
  }
}
