#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";

/** What the build makes of a module's text: one function of these, so that all that V8 compiles of it is in one piece. */
type Factory = (...scope: readonly [object, (id: string) => unknown, { exports: object }, string, string]) => void;

const here = import.meta.dirname;
const beyond = createRequire(import.meta.filename);
const modules = new Map<string, { exports: object }>();

/** What the image's build has compiled of it; nothing outside of an image. V8 refuses what another version has compiled. */
function compiledOf(path: string): Buffer | undefined {
  try {
    return readFileSync(`${path}.compiled`);
  } catch {
    return undefined;
  }
}

/**
 * Loads a module of the bundle. Node's own compile cache keeps what V8 compiles while it reads a file: half of the functions
 * that a run calls are not among it and were compiled by each run again, a tenth of its time.
 */
function load(id: string): object {
  const path = `${here}/${id}`;
  const known = modules.get(path);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(path, module);
  const cachedData = compiledOf(path);
  const script = new Script(readFileSync(path, "latin1"), {
    filename: path,
    ...(cachedData && { cachedData }),
  });
  const factory: Factory = script.runInThisContext();
  factory(module.exports, required, module, path, here);
  return module.exports;
}

const required = Object.assign(
  (id: string): unknown => (id.startsWith("./") ? load(id.slice(2)) : beyond(id)),
  beyond,
  {
    import: (id: string): Promise<unknown> => import(id),
  },
);

load("agent.js");
