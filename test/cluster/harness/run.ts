import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { keep } from "../../support/canary.ts";

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Goes to the command's stdin. */
  readonly input?: string;
  /** The command is killed after that; default two minutes. */
  readonly timeoutMs?: number;
  /** A non-zero exit is a result, not an error. */
  readonly mayFail?: boolean;
  /** Kills the command. */
  readonly signal?: AbortSignal | undefined;
  /** Both streams go to this file, appended, and the result's are empty. */
  readonly logFile?: string;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const active = new Set<ChildProcess>();
// a runner that is told to stop must not leave a compiler or a bootstrap behind
process.on("exit", () => {
  for (const child of active) killGroup(child);
});

/** Runs a command to its end. Rejects when it cannot start, takes too long, or exits with something else than 0. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, "a");
  try {
    options.signal?.throwIfAborted();
    if (log !== undefined) writeSync(log, `$ ${argv.join(" ")}\n`);
    const result = await collect(argv, options, log);
    keep(result.stdout + result.stderr);
    if (result.code === 0 || options.mayFail) return result;
    throw new Error(`${describe(argv)} ended with ${result.code}${hint(result, options)}`);
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

function collect(argv: readonly string[], options: RunOptions, log: number | undefined): Promise<RunResult> {
  const [command = "", ...args] = argv;
  const timeoutMs = options.timeoutMs ?? 120_000;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ["pipe", log ?? "pipe", log ?? "pipe"],
      detached: true,
    });
    active.add(child);
    const output = { stdout: "", stderr: "" };
    const stop = (why: string): void => {
      killGroup(child);
      reject(new Error(`${describe(argv)} ${why}${hint(output, options)}`));
    };
    const timer = setTimeout(() => stop(`took longer than ${timeoutMs / 1000} s`), timeoutMs);
    const abort = (): void => stop("was stopped, because the test is over");
    options.signal?.addEventListener("abort", abort);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    // a command may end without having read its stdin: its exit code tells what that means
    child.stdin?.on("error", () => {}).end(options.input ?? "");
    child.on("error", (error) => settle(() => reject(new Error(`${command} could not be started: ${error.message}`))));
    child.on("close", (code, signal) => settle(() => resolve({ code: code ?? (signal ? 128 : 1), ...output })));
    function settle(then: () => void): void {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      active.delete(child);
      then();
    }
  });
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}

const describe = (argv: readonly string[]): string => {
  const line = argv.join(" ");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
};

function hint(output: { readonly stdout: string; readonly stderr: string }, options: RunOptions): string {
  const { logFile } = options;
  if (logFile !== undefined)
    return `; its log is ${logFile} and ends with:\n${readFileSync(logFile, "utf8").slice(-1500)}`;
  const said = (output.stderr.trim() || output.stdout.trim()).slice(-4000);
  return said === "" ? "" : `:\n${said}`;
}
