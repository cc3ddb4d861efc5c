import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { Io } from "./lib/io.ts";

const stop = new AbortController();

// First of all: as process 1 of a container, Node ignores a SIGTERM that nobody listens to.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    // Told twice: whoever asks does not want to wait for a rollback that the server does anyway.
    if (stop.signal.aborted) process.exit(143);
    stop.abort(signal);
  });
}

/** Writes all of it before going on, also to a pipe that is full: the last line is the one that matters. */
function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question, { signal: stop.signal });
  } finally {
    terminal.close();
  }
}

// Not their isTTY: that makes a stream of each, which costs a start two milliseconds.
const [asked, told] = [isatty(0), isatty(2)];

const io: Io = {
  env: process.env,
  out: (text) => write(1, text),
  err: (text) => write(2, text),
  colour: told && !process.env.NO_COLOR,
  ask: asked && told ? ask : undefined,
  stop: stop.signal,
};

/** What may still keep Node at work when all is done: connections that others hold open. */
const LINGER_MS = 250;

/** Node ends without a word where nothing is left to wait for: that must not look done. */
async function endedUnanswered(): Promise<void> {
  const { HeadgateError } = await import("./errors/headgate-error.ts");
  const { renderError } = await import("./errors/render.ts");
  const error = new HeadgateError("bug", { what: "the process waits for something that will never come" });
  io.err(`error  ${renderError(error)}\n`);
  process.exitCode = error.exitCode;
}

async function main(): Promise<void> {
  process.once("beforeExit", endedUnanswered);
  const { runCli } = await import("./cli.ts");
  const exitCode = await runCli(process.argv.slice(2), io);
  process.off("beforeExit", endedUnanswered);
  process.exitCode = exitCode;
  // What a library, or somebody's migration, has left behind may still fail: that changes nothing any more.
  process.on("uncaughtException", () => process.exit(exitCode));
  // Node ends by itself, once nothing is left to do. process.exit joins V8's threads while one of them may be waiting for
  // this one, and then the Job hangs with its work done: https://github.com/nodejs/node/issues/54918
  setTimeout(() => process.exit(exitCode), LINGER_MS).unref();
}

void main();
