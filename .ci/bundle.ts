import { join } from "node:path";
import type { ChunkingContext, InputOptions, OutputOptions } from "rolldown";
import { compileSchema } from "./compile-schema.ts";
import { lateImports } from "./late-imports.ts";

const root = join(import.meta.dirname, "..");

/** WebAssembly beside its loader, and a loader of other people's TypeScript: both look for files next to themselves. */
export const beside = ["libpg-query", "@pgsql/types", "jiti"];

const external = [...beside, "pg-native"];

const agent = (path: string): string => join(root, "agent", path);

/** All that modules import at once, with what those import; what is imported late is not among it. */
function reached(from: readonly string[], graph: ChunkingContext): Set<string> {
  const found = new Set(from);
  for (const id of found) for (const one of graph.getModuleInfo(id)?.importedIds ?? []) found.add(one);
  return found;
}

/** What these load late, and every run all the same: while it waits for the server. */
const LATE = ["pipeline/order.ts", "pipeline/runner.ts", "commands/run-and-report.ts"].map(agent);

/** What is wanted together is in one file, for each more takes a third of a millisecond to find. */
const together: readonly (readonly [name: string, roots: (graph: ChunkingContext) => readonly string[]])[] = [
  ["headgate", () => ["cli.ts", "commands/migrate.ts"].map(agent)],
  ["run", (graph) => LATE.flatMap((id) => graph.getModuleInfo(id)?.dynamicallyImportedIds ?? [])],
];

const groups = together.map(([name, roots], at) => {
  let members: Set<string> | undefined;
  return {
    debugName: name,
    priority: together.length - at,
    name(id: string, graph: ChunkingContext): string | null {
      members ??= reached(roots(graph), graph);
      return members.has(id) ? name : null;
    },
  };
});

/** What starts it, from what is compiled of it: it stands alone, for Node itself loads it. */
export const start = {
  cwd: root,
  input: { main: agent("start.ts") },
  platform: "node",
  transform: { target: "node22" },
} satisfies InputOptions;

/** How the agent becomes one folder. */
export const input = {
  cwd: root,
  input: { agent: agent("main.ts") },
  platform: "node",
  transform: { target: "node22" },
  external: (id) => external.some((name) => id === name || id.startsWith(`${name}/`)),
  plugins: [compileSchema, lateImports],
  // Some of what one command imports late another has at once; yargs would resolve an `extends`, which nobody gives it.
  checks: { ineffectiveDynamicImport: false, emptyImportMeta: false },
} satisfies InputOptions;

/**
 * CommonJS: an ES module that imports one name of a module of Node's has all of that module's parts loaded, and the loader
 * itself takes its time. Names stay as they are, for the stack of an error.
 */
export const output = {
  format: "cjs",
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
  // With one character above it a file is held as two bytes for each, and takes longer to read.
  charset: "ascii",
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  codeSplitting: { groups },
  // As agent/start.ts loads it.
  postBanner: "(function(exports,require,module,__filename,__dirname){",
  postFooter: "\n})",
} satisfies OutputOptions;

export const startOutput = {
  format: output.format,
  entryFileNames: output.entryFileNames,
  minify: output.minify,
} satisfies OutputOptions;
