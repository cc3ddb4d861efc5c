import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "rolldown";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compileSchema } from "../../../.ci/compile-schema.ts";
import { validate } from "../../../agent/settings/fits.ts";

const folder = mkdtempSync(join(tmpdir(), "headgate-schema-"));
let compiled: typeof validate;

beforeAll(async () => {
  const { output } = await build({
    input: join(import.meta.dirname, "../../../agent/settings/fits.ts"),
    output: { file: join(folder, "fits.mjs"), format: "esm" },
    platform: "node",
    plugins: [compileSchema],
  });
  // Nothing of Ajv's compiler is left in it.
  expect(output[0].moduleIds.filter((file) => file.includes("ajv/dist/compile"))).toEqual([]);
  compiled = (await import(join(folder, "fits.mjs"))).validate;
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  [{}, true],
  [{ migrate: { lockBudget: "20s" }, image: { tag: "1.2.3" } }, true],
  [{ fleet: { schemas: ["north", "south"] }, smoke: { queries: [{ sql: "SELECT 1", expect: null }] } }, true],
  [{ fleet: { schemas: ["north", "north"] } }, false],
  [{ migrate: { lockBudget: "20 s" } }, false],
  [{ migrat: {} }, false],
  [{ database: { port: 65_536 } }, false],
])("compiled in advance, the schema says of %j what it says otherwise: %s", (values, fits) => {
  expect(validate(values)).toBe(fits);
  expect(compiled(values)).toBe(fits);
});
