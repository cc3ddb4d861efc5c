import { spawn } from "node:child_process";
import { constants } from "node:os";
import { keep } from "../canary.ts";

export interface Command {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** When to end a process from outside: SIGTERM when `signal` aborts, SIGKILL `graceMs` later. */
export interface Ending {
  readonly signal: AbortSignal;
  readonly graceMs: number;
}

export interface Ended {
  readonly exitCode: number;
  readonly log: string;
}

/** What Kubernetes reports for a program that cannot be started. */
const START_ERROR = 128;

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

/** Runs one process to its end, in a group of its own: as in a container, its children end with it. */
export function runProcess({ argv, env, cwd }: Command, { signal, graceMs }: Ending): Promise<Ended> {
  const [program = "", ...args] = argv;
  return new Promise((resolve) => {
    let log = "";
    let killer: NodeJS.Timeout | undefined;
    const child = spawn(program, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const terminate = () => {
      signalGroup(child.pid, "SIGTERM");
      killer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
    };
    const settle = (exitCode: number) => {
      clearTimeout(killer);
      signal.removeEventListener("abort", terminate);
      keep(log);
      resolve({ exitCode, log });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        log += text;
      });
    }
    child.on("error", (error) => {
      log += `${error.message}\n`;
      settle(START_ERROR);
    });
    child.on("exit", () => signalGroup(child.pid, "SIGKILL"));
    child.on("close", (code, by) => settle(code ?? START_ERROR + (by === null ? 0 : constants.signals[by])));
    if (signal.aborted) terminate();
    else signal.addEventListener("abort", terminate, { once: true });
  });
}
