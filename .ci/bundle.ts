import { join } from "node:path";
import type { ChunkingContext, InputOptions, OutputOptions } from "rolldown";
import { compileSchema } from "./compile-schema.ts";

const root = join(import.meta.dirname, "..");

/** WebAssembly beside its loader, and a loader of other people's TypeScript: both look for files next to themselves. */
export const beside = ["libpg-query", "@pgsql/types", "jiti"];

const external = [...beside, "pg-native"];

/** All that a module imports at once, with what that imports; what is imported late is not among it. */
function reached(from: string, graph: ChunkingContext): Set<string> {
  const found = new Set([from]);
  for (const id of found) for (const one of graph.getModuleInfo(id)?.importedIds ?? []) found.add(one);
  return found;
}

let always: Set<string> | undefined;

/** How the agent becomes one folder. */
export const input = {
  cwd: root,
  input: { main: join(root, "agent", "main.ts") },
  platform: "node",
  transform: { target: "node22" },
  external: (id) => external.some((name) => id === name || id.startsWith(`${name}/`)),
  plugins: [compileSchema],
  // Some of what one command imports late another has at once; yargs would resolve an `extends`, which nobody gives it.
  checks: { ineffectiveDynamicImport: false, emptyImportMeta: false },
} satisfies InputOptions;

/**
 * CommonJS: an ES module that imports one name of a module of Node's has all of that module's parts loaded, and the loader
 * itself takes its time. What every start needs is one file, for each file more costs a third of a millisecond. Both
 * together are a quarter of a start, and a sixth of its memory. Names stay as they are, for the stack of an error.
 */
export const output = {
  format: "cjs",
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  codeSplitting: {
    groups: [
      {
        debugName: "headgate",
        name(id, graph) {
          always ??= reached(join(root, "agent", "cli.ts"), graph);
          return always.has(id) ? "headgate" : null;
        },
      },
    ],
  },
} satisfies OutputOptions;
