import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { loadParser } from "../../agent/migrations/parser.ts";
import { createDatabase, type Database } from "../support/database.ts";
import { useScene } from "./scene.ts";

const PAGES = join(import.meta.dirname, "../../docs/rules");
const scene = useScene();

/** What the examples of the pages are about. */
const SCHEMA = readFileSync(join(import.meta.dirname, "../fixtures/migrations/schema.sql"), "utf8");

const pages = readdirSync(PAGES).filter((file) => /^HG\d{3}\.md$/.test(file));

/** What PostgreSQL itself says of the dangerous examples of these rules. The others run, and do their harm. */
const REFUSED: Readonly<Record<string, string>> = {
  HG104: "25001",
  HG106: "0A000",
  HG601: "55P04",
  // The driver has no rows to send, and says so to the server.
  HG806: "57014",
  HG807: "42601",
};

/** They are about what a run of Headgate has left in the database. */
const NEEDS_A_RUN = ["HG813"];

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

/** As a file is run: inside a transaction, or statement by statement where it says so. */
async function messagesOf(block: string): Promise<readonly string[]> {
  if (!/^-- headgate: no-transaction$/m.test(block)) return ["BEGIN", block, "COMMIT"];
  const parse = await loadParser();
  return parse({ sql: block, file: "page.sql", line: 1 }).map(({ sql }) => sql);
}

/** Examples of what an older server does not know: the number of the first that does, and what the others say. */
const NEWER: Readonly<Record<string, { readonly since: number; readonly before: string }>> = {
  HG312: { since: 180_000, before: "42601" },
  HG506: { since: 180_000, before: "0A000" },
};

async function expectedOf(rule: string): Promise<string | undefined> {
  const { since = 0, before } = NEWER[rule] ?? {};
  const [row] = await scene.database.sql("SHOW server_version_num");
  return Number(row?.server_version_num) < since ? before : REFUSED[rule];
}

/** The SQLSTATE that the block ends with. */
async function errorOf(block: string, database: Database): Promise<string | undefined> {
  const client = await database.connect();
  try {
    for (const message of await messagesOf(block)) await client.query(message);
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

beforeEach(async () => {
  await scene.database.sql(SCHEMA);
});

describe.each(pages.map((page) => ({ page, rule: basename(page, ".md") })))("$rule", ({ page, rule }) => {
  it("has an example that is real, and a safe way that runs", async () => {
    const { unsafe, safe } = blocksOf(page);
    expect(safe.length).toBeGreaterThan(0);
    await apply(safe);
    for (const [at, block] of unsafe.entries()) {
      const other = NEEDS_A_RUN.includes(rule) ? scene.database : await createDatabase();
      if (other !== scene.database) await other.sql(SCHEMA);
      expect({ at, block, error: await errorOf(block, other) }).toMatchObject({ error: await expectedOf(rule) });
      if (other !== scene.database) await other.drop();
    }
  });
});
