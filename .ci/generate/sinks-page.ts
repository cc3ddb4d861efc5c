import { permissions } from "../../agent/kubernetes/permissions.ts";
import { labelNames, metrics } from "../../agent/report/metrics.ts";
import { templateFields } from "../../agent/settings/template.ts";

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const code = (text: string): string => `\`${text}\``;

/** The tables of docs/sinks.md, by the name of their place. */
const tables: Readonly<Record<string, () => string>> = {
  fields: () =>
    table(
      ["field", "what"],
      Object.entries(templateFields).map(([name, what]) => [code(`{{${name}}}`), what]),
    ),
  metrics: () =>
    `${table(
      ["metric", "what"],
      metrics.map(({ name, help }) => [code(name), help]),
    )}\n\nAll are gauges with the labels ${labelNames.map(code).join(", ")}.`,
  permissions: () =>
    table(
      ["setting", "resource", "verbs", "of"],
      permissions.map(({ setting, apiGroup, resource, verbs, name }) => [
        code(setting),
        code(apiGroup === "" ? resource : `${resource}.${apiGroup}`),
        verbs.map(code).join(" "),
        name === undefined ? "the namespace" : name.replace(/^report\.\S+$/, code),
      ]),
    ),
};

/** docs/sinks.md with its tables made anew; the text around them is written by hand. */
export function sinksPage(page: string): string {
  return page.replaceAll(/<!-- (\w+) -->\n(?:.|\n)*?<!-- \/\1 -->/g, (whole, name: string) => {
    const made = tables[name]?.();
    return made === undefined ? whole : `<!-- ${name} -->\n\n${made}\n\n<!-- /${name} -->`;
  });
}
