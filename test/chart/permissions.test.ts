import { expect, it } from "vitest";
import { permissions } from "../../agent/kubernetes/permissions.ts";
import { helmTemplate } from "../support/tools.ts";

it("the Role allows exactly what the agent's table of permissions says, and nothing is rendered without a feature that asks", async () => {
  const base = { database: { existingSecret: "db" } };
  const withEvents = await helmTemplate({ values: { ...base, report: { events: true } } });
  const role = withEvents.find((manifest) => manifest.kind === "Role");
  expect(role?.rules).toEqual(
    permissions.map(({ apiGroup, resource, verbs }) => ({ apiGroups: [apiGroup], resources: [resource], verbs })),
  );
  const without = await helmTemplate({ values: base });
  expect(without.filter(({ kind }) => kind === "Role" || kind === "RoleBinding")).toEqual([]);
});
