import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { listMigrations } from "../../../agent/migrations/listing.ts";
import { compileMigrations } from "../../../agent/migrations/load.ts";
import { rules } from "../../../agent/rules/index.ts";
import { inspectMigrations } from "../../../agent/stages/inspect.ts";
import { folder } from "../../support/headgate.ts";

const PAGES = join(import.meta.dirname, "../../../docs/rules");
const pageOf = (id: string): string => readFileSync(join(PAGES, `${id}.md`), "utf8");

/** What a page says is dangerous, and what it says is safe: its blocks of SQL, before and after "Instead". */
function blocksOf(id: string): { readonly unsafe: readonly string[]; readonly safe: readonly string[] } {
  const [before = "", after = ""] = pageOf(id).split("\n## Instead\n");
  const sql = (text: string) => [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  return { unsafe: sql(before), safe: sql(after) };
}

/** The rules that find something in these files, which are one set, and whether somebody accepts it. */
async function inspect(blocks: readonly string[]): Promise<{ rule: string; accepted: string | undefined }[]> {
  const files = folder(Object.fromEntries(blocks.map((block, at) => [`00${at + 1}_page.sql`, block])));
  try {
    const all = listMigrations(files.path);
    const migrations = await compileMigrations(all, all, files.path);
    const planned = await inspectMigrations(migrations, { all, dir: files.path, ownSchema: "headgate" });
    return planned.flatMap(({ findings, downFindings }) => [...findings.flat(), ...downFindings]);
  } finally {
    files.remove();
  }
}

const found = async (blocks: readonly string[]): Promise<string[]> => (await inspect(blocks)).map(({ rule }) => rule);

it("every rule has its page, and every page its rule", () => {
  const pages = readdirSync(PAGES).filter((file) => /^HG\d{3}\.md$/.test(file));
  expect(pages.map((file) => basename(file, ".md")).sort()).toEqual(rules.map(({ id }) => id).sort());
});

describe.each(rules.map((rule) => ({ id: rule.id, rule })))("$id", ({ id, rule }) => {
  it("has a page that names its risk, and how to accept it or that nobody can", () => {
    expect(pageOf(id)).toMatch(new RegExp(`^# ${id}: \\S`));
    expect(pageOf(id)).toContain(`\nRisk: ${rule.risk}.\n`);
    const says = new RegExp(`-- headgate: allow ${id} reason="[^"]+"`).test(pageOf(id));
    expect(says).toBe(rule.acknowledgeable);
    expect(pageOf(id).includes("\nIt cannot be accepted: ")).toBe(!rule.acknowledgeable);
  });

  it("finds each example of its page, and nothing in what the page says to write instead", async () => {
    const { unsafe, safe } = blocksOf(id);
    expect(unsafe.length).toBeGreaterThan(0);
    expect(safe.length).toBeGreaterThan(0);
    for (const block of unsafe) {
      // What does not parse has no findings, unless somebody accepts it.
      const accepting = "checkText" in rule ? `-- headgate: allow ${id} reason="the page"\n` : "";
      if (accepting !== "") await expect(inspect([block])).rejects.toMatchObject({ id: "bad-migration-files" });
      expect({ block, rules: await found([accepting + block]) }).toMatchObject({
        rules: expect.arrayContaining([id]),
      });
    }
    expect(await found(safe)).toEqual([]);
  });
});
