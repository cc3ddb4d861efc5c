import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { compileSchema } from "./compile-schema.ts";

const root = join(import.meta.dirname, "..");
const outdir = process.env.HEADGATE_BUILD_DIR ?? join(root, "dist");

// Bundled CommonJS (pg, pino, ajv) asks for Node's modules by `require`, which an ES module has to make itself.
const banner = `import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);`;

// WebAssembly beside its loader, and a loader of other people's TypeScript: both look for files next to themselves.
const beside = ["libpg-query", "@pgsql/types", "jiti"];

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: [join(root, "agent", "main.ts")],
  outdir,
  bundle: true,
  splitting: true,
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
});
for (const name of beside) {
  await cp(join(root, "node_modules", name), join(outdir, "node_modules", name), { recursive: true });
}
// What `headgate explain` prints.
for (const kind of ["errors", "rules"]) {
  await cp(join(root, "docs", kind), join(outdir, kind), { recursive: true });
}
