import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { findCgroups } from "./cgroups.ts";
import type { Sandbox } from "./sandbox.ts";

/** What identifies a run's things after its processes are gone. */
export interface Traces {
  readonly id: string;
  readonly path: string;
  /** An open file of the run's network namespace: the kernel gives a namespace's number to the next one at once. */
  readonly network: number;
}

/** To be taken while the sandbox lives, which may end by itself, and to be released. */
export const takeTraces = ({ folder, holder }: Sandbox): Traces => ({
  ...folder,
  network: openSync(`/proc/${holder.pid}/ns/net`, "r"),
});

export const releaseTraces = (run: Traces): void => closeSync(run.network);

/** Everything of a run that is still on the machine; empty is the promise. */
export function findLeftovers(run: Traces): string[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return [
    ...processes.flatMap((pid) => describeProcess(run, Number(pid))),
    ...linesOf("/proc/self/mounts", run.path).map((line) => `mount ${line}`),
    ...findCgroups(run.id).map((group) => `cgroup ${group}`),
  ];
}

function describeProcess(run: Traces, pid: number): string[] {
  if (networkOf(pid) !== fstatSync(run.network).ino) return [];
  return [`process ${pid} ${(readOrNothing(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim()}`];
}

function networkOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}/ns/net`).ino;
  } catch {
    return undefined;
  }
}

function linesOf(file: string, text: string): string[] {
  return (readOrNothing(file) ?? "").split("\n").filter((line) => line.includes(text));
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
