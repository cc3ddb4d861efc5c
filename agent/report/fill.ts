import { cutText } from "../lib/cut.ts";
import { formatDuration } from "../lib/duration.ts";
import { isRecord } from "../lib/records.ts";
import { parseTemplate, type TemplateField } from "../settings/template.ts";
import type { Report } from "./report.ts";
import { summaryOf } from "./summary.ts";

/** No field is longer than this: an error may quote a whole file. */
const LONGEST = 2_000;

type Value = string | number | undefined;

const values: Readonly<Record<TemplateField, (report: Report) => Value>> = {
  who: ({ release }) =>
    release === undefined
      ? "Headgate at the desk"
      : `${release.name} revision ${release.revision} in ${release.namespace}`,
  command: ({ command }) => command,
  outcome: ({ outcome }) => outcome,
  exitCode: ({ exitCode }) => exitCode,
  summary: summaryOf,
  database: ({ database }) => database,
  startedAt: ({ startedAt }) => startedAt,
  duration: ({ durationMs }) => formatDuration(durationMs),
  applied: ({ applied }) => applied.length,
  reverted: ({ reverted }) => reverted.length,
  notReached: ({ notReached }) => notReached.length,
  stoppedAt: ({ stoppedAt }) => stoppedAt,
  planHash: ({ planHash }) => planHash,
  agentVersion: ({ agentVersion }) => agentVersion,
  "error.id": ({ error }) => error?.id,
  "error.what": ({ error }) => error?.what,
  "error.stands": ({ error }) => error?.stands,
  "error.fix": ({ error }) => error?.fix,
  "release.name": ({ release }) => release?.name,
  "release.namespace": ({ release }) => release?.namespace,
  "release.revision": ({ release }) => release?.revision,
  "release.chart": ({ release }) => release?.chart,
  "release.image": ({ release }) => release?.image,
};

const fieldOf = (field: TemplateField, report: Report): Value => {
  const value = values[field](report);
  return typeof value === "string" ? cutText(value, LONGEST) : value;
};

/** A template with its fields filled in, each passed through `shown`; a field that this run does not have is empty. */
export function fillText(template: string, report: Report, shown = (text: string): string => text): string {
  const filled = parseTemplate(template).parts.map((part) =>
    "text" in part ? part.text : shown(String(fieldOf(part.field, report) ?? "")),
  );
  return filled.join("");
}

/** A JSON value with its texts filled in. A text that is one field alone becomes that field's value: a number stays one. */
export function fillJson(template: unknown, report: Report): unknown {
  if (typeof template === "string") {
    const [part, ...more] = parseTemplate(template).parts;
    const alone = part !== undefined && more.length === 0 && "field" in part;
    return alone ? (fieldOf(part.field, report) ?? null) : fillText(template, report);
  }
  if (Array.isArray(template)) return template.map((item) => fillJson(item, report));
  if (!isRecord(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([key, inner]) => [key, fillJson(inner, report)]));
}
