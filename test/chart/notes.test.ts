import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chartDir, helmTemplate, hookEvents, type Manifest } from "../support/tools.ts";
import { cases, cronJobs, database, findKind } from "./rendered.ts";

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
  // The agent makes it, so that no uninstall takes it away.
  const runs = JSON.stringify(manifests).match(/"resourceNames":\["([^"]+-runs)"\]/)?.[1];
  const named = notesOf(manifests).match(/\b(job|pod|configmap|role|rolebinding|serviceaccount)\/\S+/g) ?? [];
  const expected = [
    ...left.map((manifest) => `${manifest.kind.toLowerCase()}/${manifest.metadata.name}`),
    ...(runs === undefined ? [] : [`configmap/${runs}`]),
  ];
  expect([...new Set(named)].toSorted()).toEqual(expected.toSorted());
  for (const line of notesOf(manifests).split("\n")) expect(line).toBe(line.trimEnd());
});

test("the notes say what going back to this release does, and where nothing runs", async () => {
  const noted = (values: Record<string, unknown> = {}) =>
    helmTemplate({ chart: copy, namespace: "blue", values: { database, ...values } }).then(notesOf);
  const notes = await noted({ rollback: { onAhead: "revert" } });
  expect(notes).toContain("helm rollback shop REVISION --namespace blue");
  expect(notes).toContain("the Job shop-headgate-revert of the revision that you go back to");
  expect(notes).toContain("This one has rollback.onAhead: revert.");
  expect(notes).toContain("A revision from before Headgate, or with rollback.enabled: false, runs no Job");
  expect(notes).toContain("stays pending-rollback");
  const without = await noted({ rollback: { enabled: false } });
  expect(without).toContain("This one has rollback.enabled: false.");
  expect(without).not.toContain("shop-headgate-revert");
});

test("the notes tell how to start the CronJobs that there are", async () => {
  const release = "r".repeat(53);
  const manifests = await helmTemplate({ chart: copy, release, values: { database, manual: { enabled: true } } });
  const lines = cronJobs(manifests).map(({ metadata: { name } = {} }) => `--from=cronjob/${name} ${name}-$(date +%s)`);
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(notesOf(manifests)).toContain(`  kubectl -n default create job ${line}`);
  expect(notesOf(await helmTemplate({ chart: copy, values: { database } }))).not.toContain("cronjob/");
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
