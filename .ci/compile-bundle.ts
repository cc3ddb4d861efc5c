import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/**
 * What Node is started with in an image. What a run makes is short-lived, and young generations of 16 MB would only be memory
 * that nobody collects.
 */
export const FLAG = "--max-semi-space-size=1";

/**
 * What each run loads, by the names that .ci/bundle.ts gives, is compiled whole: that spares it the compiling of what it calls.
 * Of the rest, what V8 takes for wanted.
 */
const WHOLE = /^(agent|headgate|rolldown-runtime|run)[-.]/;

/** All but main.js, which Node itself loads. */
const filesOf = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "main.js");

/** Compiles the bundle in `folder` for the Node that this runs in, into files beside its own: agent/start.ts looks for them. */
export function compileBundle(folder: string): void {
  // V8 takes only what was written under the flags that it has itself.
  setFlagsFromString(FLAG);
  for (const name of filesOf(folder)) {
    const filename = join(folder, name);
    const target = `${filename}.compiled`;
    setFlagsFromString(WHOLE.test(name) ? "--no-lazy" : "--lazy");
    const script = new Script(readFileSync(filename, "utf8"), { filename });
    setFlagsFromString("--lazy");
    writeFileSync(target, script.createCachedData());
    // Whatever the umask is.
    chmodSync(target, 0o644);
  }
}

/** The files of which this Node does not take what is compiled. */
export function refusedIn(folder: string): string[] {
  return filesOf(folder).filter((name) => {
    const filename = join(folder, name);
    const cachedData = readFileSync(`${filename}.compiled`);
    return new Script(readFileSync(filename, "utf8"), { filename, cachedData }).cachedDataRejected !== false;
  });
}
