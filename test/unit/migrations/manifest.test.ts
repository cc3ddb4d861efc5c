import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { MANIFEST, readManifest } from "../../../agent/migrations/manifest.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-manifest-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

it("a manifest that is not JSON is refused as stale, and none is none", async () => {
  expect(await readManifest(dir, [])).toBeUndefined();
  writeFileSync(join(dir, MANIFEST), "{");
  await expect(readManifest(dir, [])).rejects.toMatchObject({
    id: "bad-migration-files",
    message: expect.stringContaining("it is not JSON"),
  });
});
