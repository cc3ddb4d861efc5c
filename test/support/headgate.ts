import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FLAG } from "../../.ci/compile-bundle.ts";
import { keep } from "./canary.ts";

const ROOT = join(import.meta.dirname, "..", "..");
export const AGENT = join(ROOT, "agent", "main.ts");

/** Names the main.js of a bundle, where a suite has built one. */
export const BUILT = "HEADGATE_TEST_AGENT";

/** What Node is given to start the agent: the bundle as its image does, else the sources. */
function launch(): readonly string[] {
  const built = process.env[BUILT];
  return built === undefined ? [AGENT] : [FLAG, built];
}

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly result: Promise<Result>;
  /** What stderr holds so far. */
  readonly stderr: () => string;
}

/** Starts the agent as users do, as a process of its own, with nothing in its environment but what is given. */
export function startHeadgate(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [...launch(), ...args], {
    env: { PATH: process.env.PATH, HOME: tmpdir(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const result = new Promise<Result>((resolve) => {
    child.on("close", (code, signal) => {
      keep(stdout + stderr);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { process: child, result, stderr: () => stderr };
}

export const headgate = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> =>
  await startHeadgate(args, env).result;

/** A folder of files, removed by the caller with `remove`. */
export function folder(files: Readonly<Record<string, string | Buffer>>): {
  readonly path: string;
  write(more: Readonly<Record<string, string | Buffer>>): void;
  remove(): void;
} {
  const path = mkdtempSync(join(tmpdir(), "headgate-test-"));
  const write = (more: Readonly<Record<string, string | Buffer>>) => {
    for (const [name, content] of Object.entries(more)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    }
  };
  write(files);
  return { path, write, remove: () => rmSync(path, { recursive: true, force: true }) };
}
