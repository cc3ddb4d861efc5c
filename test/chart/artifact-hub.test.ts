import { execFile } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { changesOf } from "../../.ci/changelog.ts";
import { folder } from "../support/headgate.ts";
import { chartDir, helm, helmTemplate } from "../support/tools.ts";

const ROOT = join(chartDir, "..");
const IMAGE = "ghcr.io/example/headgate";
const DIGEST = `sha256:${"0".repeat(64)}`;
const changelog = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

let copy: ReturnType<typeof folder>;
beforeAll(() => {
  copy = folder({
    "CHANGELOG.md": changelog.replace("## [Unreleased]", `## [${version}] - 2026-01-31`),
    "package.json": JSON.stringify({ version }),
  });
  cpSync(chartDir, join(copy.path, "chart"), { recursive: true });
});
afterAll(() => copy.remove());

const stamp = (root: string) =>
  promisify(execFile)(process.execPath, [
    join(ROOT, ".ci/stamp-chart.ts"),
    ...["--root", root, "--repository", "example/headgate", "--image", IMAGE, "--digest", DIGEST],
  ]);

it("every entry of the changelog is under a heading that Artifact Hub knows", () => {
  const changes = changesOf(changelog, "Unreleased");
  const [, unreleased = ""] = changelog.split(/^## \[Unreleased\]$/m);
  const [section = ""] = unreleased.split(/^## /m);
  expect(changes).toHaveLength(section.match(/^- /gm)?.length ?? 0);
  expect(changes.filter(({ description }) => description === "" || description.includes("\n"))).toEqual([]);
  expect(() => changesOf("## [1.0.0]\n### News\n- x\n", "1.0.0")).toThrow('"### News" is none of added');
  expect(() => changesOf(changelog, "9.9.9")).toThrow("no section ## [9.9.9]");
});

it("nothing is released that the changelog does not tell of, and nothing is written", async () => {
  const bare = folder({ "CHANGELOG.md": changelog, "package.json": JSON.stringify({ version }) });
  cpSync(chartDir, join(bare.path, "chart"), { recursive: true });
  try {
    await expect(stamp(bare.path)).rejects.toThrow(`CHANGELOG.md has no section ## [${version}]`);
    for (const name of ["Chart.yaml", "values.yaml"])
      expect(readFileSync(join(bare.path, "chart", name), "utf8")).toBe(readFileSync(join(chartDir, name), "utf8"));
  } finally {
    bare.remove();
  }
});

it("a released chart tells Artifact Hub what it changes, which image it runs, and where to read on", async () => {
  const { stdout: notes } = await stamp(copy.path);
  expect(notes).toContain("### Added");
  const chart = join(copy.path, "chart");
  const { annotations, ...stamped } = parse(readFileSync(join(chart, "Chart.yaml"), "utf8"));
  const own = parse(readFileSync(join(chartDir, "Chart.yaml"), "utf8"));
  const hub = (name: string) => annotations[`artifacthub.io/${name}`];
  expect(parse(hub("changes"))).toEqual(changesOf(changelog, "Unreleased"));
  expect(parse(hub("images"))).toEqual([{ name: "headgate", image: `${IMAGE}:${version}@${DIGEST}` }]);
  expect(hub("prerelease")).toBe("false");
  expect(hub("containsSecurityUpdates")).toBe(String(/^### Security$/m.test(changelog)));
  for (const { url } of parse(hub("links"))) {
    const path = url.replace(`https://github.com/example/headgate/blob/v${version}/`, "");
    expect(readFileSync(join(ROOT, path), "utf8"), path).not.toBe("");
  }
  expect(annotations).toMatchObject(own.annotations);
  expect(Object.values(annotations).every((value) => typeof value === "string")).toBe(true);
  expect(stamped).toMatchObject({ home: "https://github.com/example/headgate", name: "headgate", version });

  await helm(["lint", "--strict", chart]);
  const rendered = await helmTemplate({ chart, values: { database: { existingSecret: "db" } } });
  expect(JSON.stringify(rendered)).toContain(`"image":"${IMAGE}:${version}"`);
});
