import { type Permission, permissions } from "../../agent/kubernetes/permissions.ts";

function row({ setting, apiGroup, resource, verbs, ...more }: Permission): string {
  const name = "name" in more ? String(more.name) : "any";
  return `| \`${setting}\` | ${apiGroup || "core"} | ${resource} | ${name} | ${verbs.join(", ")} |`;
}

/** docs/permissions.md */
export const permissionsPage = (): string => `# What the agent asks of the Kubernetes API

One Role in the release's own namespace, and only as far as these settings ask for it; without any of them no Role is rendered
and the pods get no token. Nothing is asked cluster-wide, and nothing about Secrets.

| setting | API group | resource | which | verbs |
| --- | --- | --- | --- | --- |
${permissions.map(row).join("\n")}
`;
