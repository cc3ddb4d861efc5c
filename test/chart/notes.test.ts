import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chartDir, helmTemplate, hookEvents, type Manifest } from "../support/tools.ts";
import { cases, database, findKind } from "./rendered.ts";

let copy = "";

// `helm template` prints no notes: in a copy of the chart they become the data of a ConfigMap
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "headgate-notes-"));
  await cp(chartDir, copy, { recursive: true });
  const notes = await readFile(join(chartDir, "templates/NOTES.txt"), "utf8");
  const manifest = `apiVersion: v1
kind: ConfigMap
metadata: { name: notes-under-test }
data: { notes: {{ include "notes-under-test" . | toJson }} }
`;
  await writeFile(join(copy, "templates/notes.yaml"), `{{ define "notes-under-test" }}${notes}{{ end }}${manifest}`);
});

afterAll(() => rm(copy, { recursive: true, force: true }));

const notesOf = (manifests: readonly Manifest[]): string => {
  const { notes } = findKind(manifests, "ConfigMap", "-under-test").data as { notes: string };
  return notes;
};

test.each(cases)("the notes name every object that outlives an uninstall: $name", async ({ options }) => {
  const manifests = await helmTemplate({ ...options, chart: copy });
  const left = manifests.filter((manifest) => hookEvents(manifest).length > 0);
  const named = notesOf(manifests).match(/\b(job|pod|configmap|role|rolebinding|serviceaccount)\/\S+/g) ?? [];
  const expected = left.map((manifest) => `${manifest.kind.toLowerCase()}/${manifest.metadata.name}`);
  expect([...new Set(named)].toSorted()).toEqual(expected.toSorted());
  for (const line of notesOf(manifests).split("\n")) expect(line).toBe(line.trimEnd());
});

test("the notes ask for a longer --timeout where Helm's own is too short", async () => {
  const needing = (activeDeadlineSeconds: number) =>
    helmTemplate({ chart: copy, values: { database, job: { activeDeadlineSeconds } } }).then(notesOf);
  expect(await needing(225)).not.toContain("--timeout");
  expect(await needing(240)).toContain("--timeout 315s");
});

test("a chart that is switched off has nothing to say", async () => {
  expect(notesOf(await helmTemplate({ chart: copy, values: { enabled: false } })).trim()).toBe("");
});
