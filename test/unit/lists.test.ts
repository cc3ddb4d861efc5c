import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checks } from "../../agent/checks/index.ts";
import { order } from "../../agent/pipeline/order.ts";
import { sinks } from "../../agent/report/index.ts";
import { rules } from "../../agent/rules/index.ts";
import type { Stage } from "../../agent/stages/stage.ts";

const AGENT = join(import.meta.dirname, "..", "..", "agent");

/** Names of a folder's files that export a constant of one type, which is how a check, rule, sink or stage looks. */
async function exportedBy(folder: string, looksLikeOne: (value: object) => boolean): Promise<string[]> {
  const files = readdirSync(join(AGENT, folder)).filter((file) => file.endsWith(".ts") && file !== "index.ts");
  const found = await Promise.all(
    files.map(async (file) => {
      const module: Record<string, unknown> = await import(join(AGENT, folder, file));
      const has = Object.values(module).some(
        (value) => typeof value === "object" && value !== null && looksLikeOne(value),
      );
      return has ? [basename(file, ".ts")] : [];
    }),
  );
  return found.flat().sort();
}

const has =
  (...keys: readonly string[]) =>
  (value: object) =>
    keys.every((key) => key in value);

describe("nothing is forgotten: a file in the folder is in the list, under its own name, and the other way round", () => {
  it("checks", async () => {
    expect(await exportedBy("checks", has("name", "run"))).toEqual(checks.map((check) => check.name).sort());
  });
  it("rules", async () => {
    expect(await exportedBy("rules", has("id", "risk"))).toEqual(rules.map((rule) => rule.id).sort());
  });
  it("stages", async () => {
    expect(await exportedBy("stages", has("name", "changes", "run"))).toEqual(order.map((stage) => stage.name).sort());
  });
  it("sinks", async () => {
    const names = sinks.map((sink) => (sink.name === "log" ? "log-summary" : sink.name));
    expect(await exportedBy("report", has("name", "wanted", "deliver"))).toEqual(names.sort());
  });
});

describe("the pipeline", () => {
  it.each(order.map(({ name, changes }) => ({ name, changes })))(
    "knows what $name changes before it is loaded",
    async (known) => {
      const module: Record<string, Stage> = await import(join(AGENT, "stages", `${known.name}.ts`));
      expect(module[known.name]).toMatchObject(known);
    },
  );
  it("keeps the order it promises", () => {
    expect(order.map((stage) => stage.name)).toEqual([
      "wait",
      "preflight",
      "plan",
      "backup",
      "revert",
      "migrate",
      "verify",
      "smoke",
    ]);
  });
});
