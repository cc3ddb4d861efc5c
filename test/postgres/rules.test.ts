import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createDatabase } from "../support/database.ts";
import { useScene } from "./scene.ts";

const PAGES = join(import.meta.dirname, "../../docs/rules");
const scene = useScene();

/** What the examples of the pages are about. */
const SCHEMA = readFileSync(join(import.meta.dirname, "../fixtures/migrations/schema.sql"), "utf8");

const pages = readdirSync(PAGES).filter((file) => /^HG\d{3}\.md$/.test(file));

/** The blocks of SQL of a page, those that are dangerous and those that are not; each is a migration file. */
function blocksOf(page: string): { readonly unsafe: readonly string[]; readonly safe: readonly string[] } {
  const [before = "", after = ""] = readFileSync(join(PAGES, page), "utf8").split("\n## Instead\n");
  const sql = (text: string) => [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  return { unsafe: sql(before), safe: sql(after) };
}

async function apply(blocks: readonly string[]): Promise<void> {
  scene.files.write(Object.fromEntries(blocks.map((block, at) => [`00${at + 1}_page.sql`, block])));
  const { code, stderr } = await scene.run("migrate");
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

beforeEach(async () => {
  await scene.database.sql(SCHEMA);
});

describe.each(pages.map((page) => ({ page, rule: basename(page, ".md") })))("$rule", ({ page }) => {
  it("has an example that is real, and a safe way that runs", async () => {
    const { unsafe, safe } = blocksOf(page);
    expect(safe.length).toBeGreaterThan(0);
    await apply(safe);
    for (const [at, block] of unsafe.entries()) {
      const other = await createDatabase();
      await other.sql(SCHEMA);
      expect({ at, block, error: await other.sql(block).then(() => undefined, String) }).toMatchObject({
        error: undefined,
      });
      await other.drop();
    }
  });
});
