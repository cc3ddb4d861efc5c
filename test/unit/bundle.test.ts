import { isBuiltin } from "node:module";
import { build } from "rolldown";
import { beforeAll, describe, expect, it } from "vitest";
import { input, output } from "../../.ci/bundle.ts";
import { order } from "../../agent/pipeline/order.ts";

interface Chunk {
  readonly name: string;
  readonly code: string;
  readonly imports: readonly string[];
  readonly moduleIds: readonly string[];
}

let chunks: ReadonlyMap<string, Chunk>;

beforeAll(async () => {
  const { output: parts } = await build({ ...input, output, write: false });
  chunks = new Map(parts.flatMap((part) => (part.type === "chunk" ? [[part.fileName, part] as const] : [])));
});

/** The chunk that holds a module, with all that it loads at once. */
function loadedWith(module: string): Chunk[] {
  const found = new Set([...chunks.values()].filter(({ moduleIds }) => moduleIds.some((id) => id.endsWith(module))));
  for (const { imports } of found) for (const one of imports.flatMap((name) => chunks.get(name) ?? [])) found.add(one);
  return [...found];
}

const namesOf = (all: readonly Chunk[]): string[] => all.map(({ name }) => name).sort();

const packagesOf = (all: readonly Chunk[]): string[] => {
  const ids = all.flatMap(({ moduleIds }) => moduleIds);
  const packages = ids.flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []);
  // `pg` is made of many.
  return [...new Set(packages)].filter((name) => !/^(pg|postgres)-/.test(name)).sort();
};

describe("the bundle", () => {
  it("has what every start needs in one file beside the entry, and no library but the driver", () => {
    expect(namesOf(loadedWith("/agent/main.ts"))).toEqual(["agent", "rolldown-runtime"]);
    const start = loadedWith("/agent/cli.ts");
    expect(namesOf(start)).toEqual(["headgate", "rolldown-runtime"]);
    expect(packagesOf(start)).toEqual(["pg", "pgpass", "split2", "xtend"]);
    expect(namesOf(loadedWith("/agent/stages/wait.ts"))).toEqual(["headgate", "rolldown-runtime"]);
  });

  it.each(order.slice(1).map(({ name }) => name))(
    "has the stage %s in the one file that is loaded after the connection is asked for",
    (name) => {
      const run = loadedWith(`/agent/stages/${name}.ts`);
      expect(namesOf(run)).toEqual(["headgate", "rolldown-runtime", "run"]);
      expect(packagesOf(run.filter((one) => one.name === "run"))).toEqual(["node-pg-migrate"]);
    },
  );

  it("has each run load no more of Node than this: the rest is there for who asks for it", () => {
    const each = [...loadedWith("/agent/main.ts"), ...loadedWith("/agent/stages/plan.ts")];
    const ofNode = each.flatMap(({ imports }) => imports.filter((id) => isBuiltin(id)));
    expect([...new Set(ofNode.map((id) => id.replace("node:", "")))].sort()).toEqual([
      ...["crypto", "events", "fs", "net", "os", "path", "timers/promises", "tty", "util"],
    ]);
  });

  it("holds nothing but ASCII in what each run loads", () => {
    const each = [...loadedWith("/agent/main.ts"), ...loadedWith("/agent/stages/plan.ts")];
    expect(each.filter(({ code }) => /[^\0-\x7f]/.test(code)).map(({ name }) => name)).toEqual([]);
    expect(namesOf(each)).toContain("run");
  });
});
