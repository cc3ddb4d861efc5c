import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";
import type { Sandbox } from "./sandbox.ts";
import { eventually } from "./wait.ts";

/** A daemon in the sandbox. */
export interface Daemon {
  readonly name: string;
  readonly logFile: string;
  readonly process: ChildProcess;
}

/** $1 is the file for its number as seen inside; exec keeps that number. */
const announce = 'echo $$ >"$1"; shift; exec "$@"';

/** Starts a daemon inside; it ends with the sandbox at the latest. */
export function start(sandbox: Sandbox, name: string, argv: readonly string[]): Daemon {
  const logFile = join(sandbox.folder.path, `log/${name}.log`);
  const log = openSync(logFile, "a");
  const [command = "", ...enter] = sandbox.enter;
  const child = spawn(command, [...enter, "setsid", "sh", "-c", announce, "sh", pidFile(sandbox, name), ...argv], {
    cwd: sandbox.folder.path,
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  child.on("error", () => {});
  child.unref();
  return { name, logFile, process: child };
}

/** Waits until the daemon answers; when it has ended instead, says so at once. */
export async function ready(daemon: Daemon, probe: () => Promise<boolean>): Promise<void> {
  let hasEnded = false;
  daemon.process.once("exit", () => {
    hasEnded = true;
  });
  await eventually(`${daemon.name} to answer`, async () => hasEnded || (await probe()), {
    hint: `its log: ${daemon.logFile}`,
  });
  if (hasEnded || daemon.process.exitCode !== null) {
    throw new Error(`${daemon.name} ended with ${daemon.process.exitCode}; its log: ${daemon.logFile}`);
  }
}

/** Sends a signal to a daemon that was started under this name. */
export async function signal(sandbox: Sandbox, name: string, what: "TERM" | "KILL" | "STOP" | "CONT"): Promise<void> {
  const script = 'kill -s "$1" "$(cat "$2")"';
  await run([...sandbox.enter, "sh", "-c", script, "sh", what, pidFile(sandbox, name)]);
}

const pidFile = (sandbox: Sandbox, name: string): string => join(sandbox.folder.path, "pid", name);
