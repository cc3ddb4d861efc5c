import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readHeaders } from "../../../agent/migrations/headers.ts";
import { loadParser, type Parse } from "../../../agent/migrations/parser.ts";
import type { Migration } from "../../../agent/migrations/types.ts";
import { lint, rules, standing } from "../../../agent/rules/index.ts";
import { trackMade } from "../../../agent/rules/made.ts";

const PAGES = join(import.meta.dirname, "../../../docs/rules");
const pageOf = (id: string): string => readFileSync(join(PAGES, `${id}.md`), "utf8");

/** Rules that name what cannot work: the error says all there is to say. */
const advice = rules.filter((rule) => rule.acknowledgeable);

let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
});

/** What a page says is dangerous, and what it says is safe: its blocks of SQL, before and after "Instead". */
function blocksOf(id: string): { readonly unsafe: readonly string[]; readonly safe: readonly string[] } {
  const [before = "", after = ""] = pageOf(id).split("\n## Instead\n");
  const sql = (text: string) => [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  return { unsafe: sql(before), safe: sql(after) };
}

function found(blocks: readonly string[]): string[] {
  const made = trackMade();
  const all = blocks.flatMap((sql) => {
    const file = "001_page.sql";
    const migration: Migration = {
      ...{ name: "001_page", paths: [], kind: "sql", checksum: "", up: { sql, file, line: 1 }, down: undefined },
      ...{ downAt: undefined, downKind: "irreversible", downTransaction: true, downEffects: undefined },
      ...readHeaders(sql, file, 1),
    };
    return lint({ migration, statements: parse({ sql, file, line: 1 }), ownSchema: "headgate", made });
  });
  return standing(all, made)
    .flat()
    .map(({ rule }) => rule);
}

it("every rule of advice has its page, and every page its rule", () => {
  const pages = readdirSync(PAGES).filter((file) => /^HG\d{3}\.md$/.test(file));
  expect(pages.map((file) => basename(file, ".md")).sort()).toEqual(advice.map(({ id }) => id).sort());
});

describe.each(advice.map((rule) => ({ id: rule.id, risk: rule.risk })))("$id", ({ id, risk }) => {
  it("has a page that names its risk and how to accept it", () => {
    expect(existsSync(join(PAGES, `${id}.md`))).toBe(true);
    expect(pageOf(id)).toMatch(new RegExp(`^# ${id}: \\S`));
    expect(pageOf(id)).toContain(`\nRisk: ${risk}.\n`);
    expect(pageOf(id)).toMatch(new RegExp(`-- headgate: allow ${id} reason="[^"]+"`));
  });

  it("finds each example of its page, and nothing in what the page says to write instead", () => {
    const { unsafe, safe } = blocksOf(id);
    expect(unsafe.length).toBeGreaterThan(0);
    expect(safe.length).toBeGreaterThan(0);
    for (const block of unsafe)
      expect({ block, rules: found([block]) }).toMatchObject({ rules: expect.arrayContaining([id]) });
    expect(found(safe)).toEqual([]);
  });
});
