import { expect, test } from "vitest";
import { stringify } from "yaml";
import { hookEvents, hookWeight, type Manifest } from "../support/tools.ts";
import { cases, renderCase } from "./rendered.ts";

/** Ordinary objects first, then hooks in the order of their weights, so that both Helm versions write the same file. */
function goldenText(manifests: readonly Manifest[]): string {
  const rank = (manifest: Manifest) =>
    hookEvents(manifest).length === 0 ? Number.NEGATIVE_INFINITY : hookWeight(manifest);
  return manifests
    .toSorted((a, b) => Math.sign(rank(a) - rank(b)) || a.metadata.name.localeCompare(b.metadata.name, "en"))
    .map((manifest) => stringify(manifest, { lineWidth: 0, version: "1.1", aliasDuplicateObjects: false }))
    .join("---\n");
}

test.each(cases)("the chart renders $name as the golden file has it", async (example) => {
  await expect(goldenText(await renderCase(example))).toMatchFileSnapshot(`golden/${example.name}.yaml`);
});
