import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/bundle.ts";
import { build } from "./build.ts";
import { type Edit, type PlantedBug, plantedBugs } from "./planted-bugs.ts";
import { type SweepOptions, sweep, withHome } from "./sweep.ts";
import type { Finding } from "./tally.ts";

function change(root: string, { file, search, replace }: Edit): void {
  const path = join(root, file);
  const parts = readFileSync(path, "utf8").split(search);
  if (parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} places like this, so the planted bug is out of date:\n${search}`);
  }
  writeFileSync(path, parts.join(replace));
}

/** A copy of the checkout's agent with the bug in it. */
function plant({ edits }: PlantedBug, home: string): string {
  const root = join(home, "checkout");
  for (const name of ["agent", ".ci", "docs", "package.json", "tsconfig.json"]) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  for (const edit of edits) change(root, edit);
  return root;
}

/** Looks for one bug; gives the first case that did not hold, or undefined. */
async function search(bug: PlantedBug, options: Omit<SweepOptions, "only">): Promise<Finding | undefined> {
  return await withHome(async (home) => {
    const bundle = build(plant(bug, home), home);
    for (const only of bug.foundBy) {
      const { findings } = await sweep(bundle, { ...options, only, stopAtFirst: true, say: () => undefined });
      if (findings[0] !== undefined) return findings[0];
    }
    return undefined;
  });
}

/** What became of one bug, as a sentence; a bug that cannot be planted any more was not found either. */
async function tryToFind(bug: PlantedBug, options: Omit<SweepOptions, "only">): Promise<Found> {
  try {
    const finding = await search(bug, options);
    const [violation] = finding?.violations ?? [];
    return finding === undefined
      ? { found: false, words: `NOT FOUND by ${bug.foundBy.join(", ")}` }
      : { found: true, words: `found by ${finding.name}: ${violation?.invariant} ${violation?.what}` };
  } catch (error) {
    return { found: false, words: `could not be looked for: ${error instanceof Error ? error.message : error}` };
  }
}

interface Found {
  readonly found: boolean;
  readonly words: string;
}

/** Plants each bug in turn, and says who found it; gives the names of those that nobody found. */
export async function findPlanted(names: readonly string[], options: Omit<SweepOptions, "only">): Promise<string[]> {
  const missed: string[] = [];
  for (const bug of plantedBugs.filter(({ name }) => names.includes(name))) {
    if (options.signal.aborted) break;
    const { found, words } = await tryToFind(bug, options);
    if (!found) missed.push(bug.name);
    options.say(`${bug.name}: ${words}`);
  }
  return missed;
}
