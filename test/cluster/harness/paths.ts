import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** The checkout's top level. */
export const repository = join(import.meta.dirname, "../../..");

/** Where everything that is built once and kept lives: $HEADGATE_CACHE, else the XDG cache folder. */
export function cacheDir(): string {
  if (process.env.HEADGATE_CACHE) return process.env.HEADGATE_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "headgate");
}

/** A folder below the cache, made when it is missing. */
export async function cacheFolder(...names: readonly string[]): Promise<string> {
  const folder = join(cacheDir(), ...names);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Progress for a person; stdout stays with the test runner. */
export function say(text: string): void {
  process.stderr.write(`headgate cluster: ${text}\n`);
}
