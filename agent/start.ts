#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";

/** What the build makes of a module's text: one function of these, so that all that V8 compiles of it is in one piece. */
type Factory = (...scope: readonly [object, typeof required, { exports: object }, string, string]) => void;

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

function factoryOf(path: string): Factory {
  const cachedData = compiledOf(path);
  const script = new Script(readFileSync(path, "utf8"), { filename: path, ...(cachedData && { cachedData }) });
  return script.runInThisContext();
}

/**
 * Loads a module of the bundle. Node's own compile cache keeps what V8 compiles while it reads a file: half of the functions
 * that a run calls are not among it and were compiled by each run again, a tenth of its time.
 */
function load(id: string): object {
  const path = `${here}/${id}`;
  const known = modules.get(path);
  if (known !== undefined) return known.exports;
  const factory = factoryOf(path);
  const module = { exports: {} };
  // Before it runs: modules may want each other.
  modules.set(path, module);
  try {
    factory(module.exports, required, module, path, here);
  } catch (error) {
    // Who asks again is to be told the same, and not to get half of it.
    modules.delete(path);
    throw error;
  }
  return module.exports;
}

function ofBundle(id: string): unknown {
  return id.startsWith("./") ? load(id.slice(2)) : beyond(id);
}

const required = Object.assign(ofBundle, beyond, { import: (id: string): Promise<unknown> => import(id) });

load("agent.js");
