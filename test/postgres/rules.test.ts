import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createDatabase } from "../support/database.ts";
import { useScene } from "./scene.ts";

const PAGES = join(import.meta.dirname, "../../docs/rules");
const scene = useScene();

/** What the examples of the pages are about. */
const SCHEMA = `
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, mail text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint, note text, total numeric(10,2), state varchar(20) DEFAULT 'new', created timestamptz);
INSERT INTO customers SELECT g, 'c' || g, 'c' || g || '@shop' FROM generate_series(1, 50) AS g;
INSERT INTO orders SELECT g, 1 + g % 50, 'n', g, 'new', now() FROM generate_series(1, 500) AS g;
CREATE INDEX orders_by_state ON orders (state);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) AS sum FROM orders GROUP BY customer;
CREATE UNIQUE INDEX totals_customer ON totals (customer);
CREATE TABLE events (id bigint, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ANALYZE;`;

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
