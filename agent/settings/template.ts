import { didYouMean } from "../lib/nearest.ts";
import { isRecord } from "../lib/records.ts";

/** What a message to people may name, and what it stands for. */
export const templateFields = {
  who: "the release with revision and namespace, or the desk",
  command: "`migrate`, `revert`, `smoke`",
  outcome: "`done`, `failed`, `stopped`",
  exitCode: "the exit code",
  summary: "what was done, or what happened and what to do next",
  database: "name of the database",
  startedAt: "when the run began, ISO 8601",
  duration: "how long it took: `4.2 s`",
  applied: "how many migrations it applied",
  reverted: "how many it took back",
  notReached: "how many it did not get to",
  stoppedAt: "the migration at which it ended",
  planHash: "the plan's hash",
  agentVersion: "the agent's version",
  "error.id": "the error's name: `headgate explain NAME`",
  "error.what": "what happened",
  "error.stands": "what stands in the database",
  "error.fix": "what to do next",
  "release.name": "the release",
  "release.namespace": "its namespace",
  "release.revision": "its revision",
  "release.chart": "the chart and its version",
  "release.image": "the migrator image",
} as const;

export type TemplateField = keyof typeof templateFields;

export const TEMPLATE_DEFAULT =
  "*{{who}}: {{command}} {{outcome}}* (exit code {{exitCode}}, {{duration}})\n{{summary}}";

/** A text of a template, between and around its fields. */
export type TemplatePart = { readonly text: string } | { readonly field: TemplateField };

const isField = (name: string): name is TemplateField => Object.hasOwn(templateFields, name);

interface Parsed {
  readonly parts: readonly TemplatePart[];
  readonly problems: readonly string[];
}

function parseField(inside: string, at: number): { part: TemplatePart; problem?: string } {
  const name = inside.trim();
  if (isField(name)) return { part: { field: name } };
  const hint = didYouMean(name, Object.keys(templateFields)) || `; known are ${Object.keys(templateFields).join(", ")}`;
  return { part: { text: "" }, problem: `{{${inside}}} at character ${at + 1} is no field${hint}` };
}

/** Reads `text {{field}} text`. Fields are looked up in a list: nothing is evaluated. */
export function parseTemplate(template: string): Parsed {
  const parts: TemplatePart[] = [];
  const problems: string[] = [];
  let from = 0;
  for (let open = template.indexOf("{{"); open >= 0; open = template.indexOf("{{", from)) {
    const close = template.indexOf("}}", open);
    if (close < 0) {
      problems.push(`{{ at character ${open + 1} is never closed by }}`);
      break;
    }
    const { part, problem } = parseField(template.slice(open + 2, close), open);
    parts.push({ text: template.slice(from, open) }, part);
    if (problem !== undefined) problems.push(problem);
    from = close + 2;
  }
  parts.push({ text: template.slice(from) });
  return { parts: parts.filter((part) => !("text" in part) || part.text !== ""), problems };
}

/** What is wrong with the templates anywhere in a value, each with its key. */
export function templateProblems(value: unknown, key: string): string[] {
  if (typeof value === "string") return parseTemplate(value).problems.map((problem) => `${key}: ${problem}`);
  if (Array.isArray(value)) return value.flatMap((item, index) => templateProblems(item, `${key}[${index}]`));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => templateProblems(inner, `${key}.${name}`));
}
