import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/** What each run loads is compiled whole: that spares it the compiling of what it calls. Of the rest, what V8 takes for wanted. */
const WHOLE = /^(agent|headgate|rolldown-runtime|run)[-.]/;

/** Compiles the bundle in `folder` for the Node that this runs in, into files beside its own: agent/start.ts looks for them. */
export function compileBundle(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".js") || name === "main.js") continue;
    const filename = join(folder, name);
    setFlagsFromString(WHOLE.test(name) ? "--no-lazy" : "--lazy");
    const script = new Script(readFileSync(filename, "latin1"), { filename });
    // V8 takes only what was written under the flags that it has itself.
    setFlagsFromString("--lazy");
    writeFileSync(`${filename}.compiled`, script.createCachedData());
  }
}
