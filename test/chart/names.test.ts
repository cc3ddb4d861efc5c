import { describe, expect, test } from "vitest";
import { helmTemplate, type Manifest } from "../support/tools.ts";
import { database, findKind, kinds } from "./rendered.ts";

const values = {
  database,
  report: { events: true },
  manual: { enabled: true },
  drift: { schedule: "@daily" },
  migrations: { inline: { "1_orders.sql": "SELECT 1" } },
};
/** Kubernetes' own limits of a name. */
const longestOf = (kind: string): number => (kind === "CronJob" ? 52 : 63);
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const namesOf = (manifests: readonly Manifest[]): string[] =>
  manifests.map((manifest) => `${manifest.kind}/${manifest.metadata.name}`);

const nameIn = async (more: Record<string, unknown>, release = "shop"): Promise<string> =>
  findKind(await helmTemplate({ release, values: { ...values, ...more } }), "Job", "-migrate").metadata.name;

const longest = (last: string): string => `${"release-name-of-fifty-two-characters".padEnd(52, "x")}${last}`;

describe("the longest name that a release may have", () => {
  test("still gives valid, distinct names of at most 63 characters", async () => {
    const manifests = await helmTemplate({ release: longest("a"), values });
    expect(kinds(manifests)).toContain("CronJob");
    for (const { kind, metadata } of manifests) {
      expect(metadata.name).toMatch(DNS_LABEL);
      expect(metadata.name.length).toBeLessThanOrEqual(longestOf(kind));
      for (const label of Object.values(metadata.labels ?? {})) expect(label.length).toBeLessThanOrEqual(63);
    }
    expect(new Set(namesOf(manifests)).size).toBe(manifests.length);
  });

  test("collides with no other that begins alike", async () => {
    const one = namesOf(await helmTemplate({ release: longest("a"), values }));
    const other = namesOf(await helmTemplate({ release: longest("b"), values }));
    expect(one.filter((name) => other.includes(name))).toEqual([]);
  });

  test("a cut never leaves a part of a dotted name that ends in a dot or a dash", async () => {
    for (const pattern of ["a-b.", "ab.a-", "b.a-", "a.b."]) {
      const release = `${pattern.repeat(14).slice(0, 52)}c`;
      for (const part of (await nameIn({}, release)).split(".")) expect(part).toMatch(DNS_LABEL);
    }
  });
});

test("pods, account, role and ConfigMap are referred to by the names they have", async () => {
  const manifests = await helmTemplate({ release: longest("a"), values });
  const account = findKind(manifests, "ServiceAccount").metadata.name;
  const migrations = findKind(manifests, "ConfigMap", "-migrations").metadata.name;
  const jobs = manifests.filter(({ kind }) => ["Job", "CronJob"].includes(kind));
  expect(jobs).toHaveLength(5);
  for (const text of jobs.map((job) => JSON.stringify(job))) {
    expect(text).toContain(`"serviceAccountName":"${account}"`);
    expect(text).toContain(`"configMap":{"name":"${migrations}"}`);
  }
  expect(findKind(manifests, "RoleBinding")).toMatchObject({
    roleRef: { name: findKind(manifests, "Role").metadata.name },
    subjects: [{ kind: "ServiceAccount", name: account }],
  });
});

test.each([
  { title: "a release named like the chart is not named twice", release: "headgate", name: "headgate" },
  {
    title: "a release that only contains the chart's name stays apart",
    release: "my-headgate",
    name: "my-headgate-headgate",
  },
  { title: "nameOverride replaces the chart's name", more: { nameOverride: "schema" }, name: "shop-schema" },
  { title: "fullnameOverride replaces both", more: { fullnameOverride: "orders" }, name: "orders" },
])("$title", async ({ release = "shop", more = {}, name }) => {
  expect(await nameIn(more, release)).toBe(`${name}-migrate`);
});

test("a long fullnameOverride is cut like any other name", async () => {
  expect((await nameIn({ fullnameOverride: "o".repeat(80) })).length).toBeLessThanOrEqual(63);
});

test("a release and a namespace of digits stay strings", async () => {
  const manifests = await helmTemplate({ release: "123", namespace: "456", values });
  for (const { metadata } of manifests) {
    expect(metadata).toMatchObject({ namespace: "456", labels: { "app.kubernetes.io/instance": "123" } });
  }
});
