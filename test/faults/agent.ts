import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keep } from "../support/canary.ts";

/** Longer than any run of the sweep may take, milliseconds. */
const PATIENCE_MS = 90_000;

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** It did not end by itself in time. */
  readonly hung: boolean;
}

export interface Agent {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** The values of every run, beside the bundle. */
export const VALUES = "values.json";

/** Starts the agent of the bundle in that folder with nothing in its environment but the connection. */
export function startAgent(bundle: string, args: readonly string[], url: string): Agent {
  const child = spawn(process.execPath, [join(bundle, "main.js"), ...args, "-f", join(bundle, VALUES)], {
    env: { PATH: process.env.PATH, HOME: tmpdir(), DATABASE_URL: url },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const parts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    parts.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    parts.stderr += text;
  });
  const closed = new Promise<Omit<Ended, "hung">>((resolve) => {
    child.on("close", (code, signal) => {
      keep(parts.stdout + parts.stderr);
      resolve({ code, signal, ...parts });
    });
  });
  return { process: child, ended: patiently(child, closed) };
}

async function patiently(child: ChildProcess, closed: Promise<Omit<Ended, "hung">>): Promise<Ended> {
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS, true, { signal: patience.signal }).catch(() => false);
  const hung = await Promise.race([closed.then(() => false), late]);
  if (hung) child.kill("SIGKILL");
  patience.abort();
  return { ...(await closed), hung };
}
