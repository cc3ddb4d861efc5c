import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { beside, bundle } from "./bundle.ts";
import { notices, shipped } from "./licences.ts";

const root = join(import.meta.dirname, "..");
const outdir = process.env.HEADGATE_BUILD_DIR ?? join(root, "dist");

await rm(outdir, { recursive: true, force: true });
const { metafile } = await build({ ...bundle, outdir });
for (const name of beside) {
  await cp(join(root, "node_modules", name), join(outdir, "node_modules", name), { recursive: true });
}
// What `headgate explain` prints.
for (const kind of ["errors", "rules"]) {
  await cp(join(root, "docs", kind), join(outdir, kind), { recursive: true });
}
await writeFile(join(outdir, "THIRD-PARTY.txt"), notices(shipped(metafile)));
