import { createHash } from "node:crypto";
import { type Calling, feed, type Program, type Running, startProgram } from "../postgres/dump-programs.ts";
import type { Progress } from "./progress.ts";
import type { Store } from "./store.ts";

export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

interface Meter {
  /** Hashes and counts, and gives on what comes. */
  over(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
  /** Of all that came. */
  digest(): Digest;
}

export function meter(progress?: Progress): Meter {
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    async *over(content) {
      for await (const chunk of content) {
        hash.update(chunk);
        bytes += chunk.length;
        progress?.add(chunk.length);
        yield chunk;
      }
    },
    digest: () => ({ bytes, sha256: hash.digest("hex") }),
  };
}

type Tools = Pick<Calling, "env" | "signal" | "failure">;

/** Reads an archive through to its end, and keeps nothing of it. `--list` would read no more than its head. */
const startReader = (restore: Program, tools: Tools): Running => {
  const reader = startProgram(restore, { ...tools, args: ["--file=/dev/null"] }, true);
  reader.child.stdout?.resume();
  return reader;
};

/** Gives on an archive as it comes, and ends only when pg_restore has read it through as well. */
export async function* provedArchive(
  content: AsyncIterable<Uint8Array>,
  restore: Program,
  tools: Tools,
): AsyncGenerator<Uint8Array> {
  const reader = startReader(restore, tools);
  try {
    for await (const chunk of content) {
      yield chunk;
      await feed(reader, chunk);
    }
    reader.child.stdin?.end();
    await reader.ended();
  } finally {
    await reader.stop();
  }
}

/** Size and hash of what lies in the store, all of it read back. */
export async function readBack(store: Store, object: string, signal: AbortSignal): Promise<Digest> {
  const read = meter();
  for await (const _ of read.over(store.get(object, signal))) signal.throwIfAborted();
  return read.digest();
}
