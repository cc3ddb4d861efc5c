import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cacheFolder } from "./paths.ts";

/** Holds a lock that all runs on this machine share while `work` runs; the kernel frees it when its holder dies. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = join(await cacheFolder("locks"), name);
  const holder = spawn("flock", ["--timeout", "1800", file, "sh", "-c", "echo held; cat >/dev/null; exit 0"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(holder, "exit");
  try {
    const held = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
    if (!held) throw new Error(`Another run held the lock ${file} for half an hour.`);
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
