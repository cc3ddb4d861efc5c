import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CompiledMigration } from "../../../agent/migrations/compiled.ts";
import { listMigrations } from "../../../agent/migrations/listing.ts";
import { compileMigrations } from "../../../agent/migrations/load.ts";
import type { Migration } from "../../../agent/migrations/types.ts";
import { inspectMigrations, withInspection } from "../../../agent/stages/inspect.ts";
import { refuseUnsafe, risksTaken } from "../../../agent/stages/refusals.ts";

const dir = mkdtempSync(join(tmpdir(), "headgate-reads-"));
const ownSchema = "headgate";
let migrations: Migration[];
beforeAll(async () => {
  for (const at of [1, 2, 3]) writeFileSync(join(dir, `${at}_t.sql`), `CREATE TABLE t${at} (id bigint PRIMARY KEY);\n`);
  const all = listMigrations(dir);
  const inspected = await inspectMigrations(await compileMigrations(all, all, dir), { all, dir, ownSchema });
  migrations = inspected.map((one) => withInspection(one, ownSchema));
});
afterAll(() => rmSync(dir, { recursive: true }));

it("planning reads each migration of a manifest once, however often it is judged", async () => {
  let reads = 0;
  let last = "";
  const compiled = migrations.map(
    (body) =>
      new CompiledMigration(body, { offset: 0, length: 0 }, ({ name }) => {
        // As the manifest's own reader, which remembers one.
        if (name !== last) reads += 1;
        last = name;
        return body;
      }),
  );
  const planned = await inspectMigrations(compiled, { all: compiled, dir, ownSchema });
  for (let times = 0; times < 2; times += 1) {
    refuseUnsafe(planned, "high");
    expect(risksTaken(planned, "high")).toEqual([]);
  }
  expect(planned.map(({ migration }) => migration.name)).toEqual(["1_t", "2_t", "3_t"]);
  expect(reads).toBe(3);
});
