import { expect, it } from "vitest";
import { permissions, workloads } from "../../agent/kubernetes/permissions.ts";
import { helmTemplate } from "../support/tools.ts";

const base = { database: { existingSecret: "db" } };

/** The Role's rules as the table has them, with the names of this release. */
function rulesFor(settings: readonly string[], workload = ""): unknown[] {
  const names = { "the ConfigMap -runs": "shop-headgate-runs", "report.eventsOn.name": "shop" };
  return permissions
    .filter(
      ({ setting, resource }) => settings.includes(setting) && (setting !== "report.eventsOn" || resource === workload),
    )
    .map(({ apiGroup, resource, verbs, name }) => ({
      apiGroups: [apiGroup],
      resources: [resource],
      ...(name === undefined ? {} : { resourceNames: [names[name]] }),
      verbs,
    }));
}

const rules = async (report: Readonly<Record<string, unknown>>): Promise<unknown> =>
  (await helmTemplate({ values: { ...base, report } })).find(({ kind }) => kind === "Role")?.rules;

it("the Role allows exactly what the agent's table of permissions says of the settings that are on", async () => {
  const configMap = { enabled: true };
  expect(await rules({ events: true })).toEqual(rulesFor(["report.events"]));
  expect(await rules({ configMap })).toEqual(rulesFor(["report.configMap.enabled"]));
  for (const [kind, resource] of Object.entries(workloads)) {
    const all = { events: true, eventsOn: { kind, name: "shop" }, configMap };
    const settings = ["report.events", "report.eventsOn", "report.configMap.enabled"];
    expect(await rules(all)).toEqual(rulesFor(settings, resource));
  }
});

it("nothing is rendered without a feature that asks", async () => {
  const without = await helmTemplate({ values: base });
  expect(without.filter(({ kind }) => kind === "Role" || kind === "RoleBinding")).toEqual([]);
});
