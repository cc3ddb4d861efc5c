import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "rolldown";
import { beside, input, output, start, startOutput } from "./bundle.ts";
import { notices, shipped } from "./licences.ts";

const root = join(import.meta.dirname, "..");
const outdir = process.env.HEADGATE_BUILD_DIR ?? join(root, "dist");

await rm(outdir, { recursive: true, force: true });
const built = await build({ ...input, output: { ...output, dir: outdir } });
await build({ ...start, output: { ...startOutput, dir: outdir } });
for (const name of beside) {
  await cp(join(root, "node_modules", name), join(outdir, "node_modules", name), { recursive: true });
}
// What `headgate explain` prints.
for (const kind of ["errors", "rules"]) {
  await cp(join(root, "docs", kind), join(outdir, kind), { recursive: true });
}
// The package around it is one of ES modules.
await writeFile(join(outdir, "package.json"), '{ "type": "commonjs" }\n');
await writeFile(join(outdir, "THIRD-PARTY.txt"), notices(shipped(built)));
