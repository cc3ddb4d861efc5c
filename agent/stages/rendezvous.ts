import { once } from "node:events";
import { rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { elapsed, sleep } from "../lib/clock.ts";
import { errorCode } from "../lib/files.ts";

const socketOf = (folder: string): string => join(folder, "migrate.sock");

/** The end that `migrate` holds. Whoever is connected sees end-of-file the moment this process is gone. */
export async function openRendezvous(folder: string): Promise<() => Promise<void>> {
  rmSync(socketOf(folder), { force: true });
  const server = createServer();
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => sockets.delete(socket));
  });
  server.listen(socketOf(folder));
  await once(server, "listening");
  return async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
}

type Meeting = "ended" | "refused" | "absent";

function meetOnce(path: string, signal: AbortSignal): Promise<Meeting> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const socket = createConnection(path);
    const aborted = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", aborted, { once: true });
    socket.on("connect", () => {
      connected = true;
    });
    socket.on("error", (error) => {
      if (!connected) resolve(errorCode(error) === "ENOENT" ? "absent" : "refused");
    });
    socket.on("close", () => {
      signal.removeEventListener("abort", aborted);
      if (connected) resolve("ended");
    });
    socket.resume();
  });
}

/** Waits until `migrate` has ended, however it ended, or has not even started within `startMs`: `never`. */
export async function awaitEnd(
  folder: string,
  startMs: number,
  { signal, verdictThere }: { readonly signal: AbortSignal; readonly verdictThere: () => boolean },
): Promise<"ended" | "never"> {
  const end = elapsed() + startMs;
  for (;;) {
    const meeting = await meetOnce(socketOf(folder), signal);
    // A socket that nobody serves belongs to a process that has died.
    if (meeting !== "absent" || verdictThere()) return "ended";
    if (elapsed() >= end) return "never";
    await sleep(100, signal);
  }
}
