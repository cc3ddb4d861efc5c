import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Proxy {
  readonly port: number;
  /** Awaited round trips of all connections so far. */
  readonly trips: () => Promise<number>;
}

const LIMIT = 10_000;

async function answerOf(child: ChildProcess, key: "port" | "trips"): Promise<number> {
  const [answer]: unknown[] = await once(child, "message", { signal: AbortSignal.timeout(LIMIT) });
  const value =
    typeof answer === "object" && answer !== null ? Object.entries(answer).find(([name]) => name === key) : [];
  if (typeof value?.[1] !== "number" || value[1] < 0) throw new Error(`the proxy gave no ${key}`);
  return value[1];
}

/** Runs `work` with a proxy before the server's port that holds every chunk for `holdMs`, each way. */
export async function withProxy<T>(port: number, holdMs: number, work: (proxy: Proxy) => Promise<T>): Promise<T> {
  const child = fork(join(import.meta.dirname, "proxy.ts"), [String(port), String(holdMs)]);
  try {
    return await work({
      port: await answerOf(child, "port"),
      async trips() {
        const answer = answerOf(child, "trips");
        child.send("trips");
        return await answer;
      },
    });
  } finally {
    child.kill("SIGKILL");
  }
}
