import { join } from "node:path";
import type { BuildOptions } from "esbuild";
import { compileSchema } from "./compile-schema.ts";

const root = join(import.meta.dirname, "..");

// Bundled CommonJS (pg, pino, ajv) asks for Node's modules by `require`, which an ES module has to make itself.
const banner = `import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);`;

/** WebAssembly beside its loader, and a loader of other people's TypeScript: both look for files next to themselves. */
export const beside = ["libpg-query", "@pgsql/types", "jiti"];

/** How the agent becomes one folder; the metafile tells which packages went into it. */
export const bundle = {
  absWorkingDir: root,
  entryPoints: [join(root, "agent", "main.ts")],
  bundle: true,
  splitting: true,
  metafile: true,
  platform: "node",
  format: "esm",
  target: "node22",
  banner: { js: banner },
  legalComments: "linked",
  // else yargs' /v patterns become RegExp objects that are compiled at every start
  supported: { "regexp-set-notation": true },
  chunkNames: "chunk-[hash]",
  external: [...beside, "pg-native"],
  plugins: [compileSchema],
  logLevel: "warning",
} satisfies BuildOptions;
