import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildBundle } from "./bundle.ts";
import { BUILT } from "./headgate.ts";

/** Around the suites of one run: they start the agent as an image does, which takes a fifth of the time of its sources. */
export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "headgate-agent-"));
  buildBundle(folder);
  // Somebody watches, and has changed it.
  project.onTestsRerun(async () => buildBundle(folder));
  process.env[BUILT] = join(folder, "main.js");
  return () => {
    delete process.env[BUILT];
    rmSync(folder, { recursive: true, force: true });
  };
}
