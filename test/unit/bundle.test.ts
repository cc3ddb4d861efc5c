import { build } from "rolldown";
import { expect, it } from "vitest";
import { input, output } from "../../.ci/bundle.ts";

it("what every start needs is one file beside the entry, and brings no library that only some commands need", async () => {
  const { output: parts } = await build({ ...input, output, write: false });
  const chunks = new Map(parts.flatMap((part) => (part.type === "chunk" ? [[part.fileName, part] as const] : [])));
  const cli = [...chunks.values()].find(({ moduleIds }) => moduleIds.some((id) => id.endsWith("/agent/cli.ts")));
  const atStart = new Set(["main.js", cli?.fileName ?? ""]);
  for (const name of atStart) for (const one of chunks.get(name)?.imports ?? []) if (chunks.has(one)) atStart.add(one);
  expect([...atStart].map((name) => chunks.get(name)?.name).sort()).toEqual(["headgate", "main", "rolldown-runtime"]);
  const packages = [...atStart].flatMap((name) =>
    (chunks.get(name)?.moduleIds ?? []).flatMap((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []),
  );
  // `pg` with what it is made of, and one small part of node-pg-migrate.
  expect([...new Set(packages)].filter((name) => !/^(pg|postgres)-/.test(name)).sort()).toEqual([
    ...["node-pg-migrate", "pg", "pgpass", "split2", "xtend"],
  ]);
});
