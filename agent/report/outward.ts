import { cutText } from "../lib/cut.ts";
import { isRecord } from "../lib/records.ts";
import { quotesRows } from "../lib/row-lines.ts";
import { cleanReport, type Report } from "./report.ts";
import type { Delivery } from "./sink.ts";

/** Bodies of functions, defaults and views are as secret as whoever wrote them has made them. */
const withoutDefinitions = (list: Report["schema"]): Report["schema"] =>
  list?.map(({ object, kind }) => ({ object, kind }));

/** The report as it may leave for other systems: without secrets, definitions, and what quotes a table's rows. */
export function outward({ report, clean }: Pick<Delivery, "report" | "clean">): Report {
  const { error, drift, schema, ...cleaned } = cleanReport(report, clean);
  return {
    ...cleaned,
    drift: withoutDefinitions(drift),
    schema: withoutDefinitions(schema),
    error: error && { ...error, details: error.details.filter((line) => !quotesRows(line)) },
  };
}

/** Whether people want to hear of it: what only looks is news when it found something. */
export const isNews = ({ command, outcome }: Report): boolean =>
  command === "migrate" || command === "revert" || outcome !== "done";

/** Whether a sink for people that listens to failures, or to all, wants to hear of a run. */
export const isWanted = (report: Report, when: "failure" | "always"): boolean =>
  isNews(report) && (when === "always" || report.outcome !== "done");

function shrunk(value: unknown, most: number): unknown {
  if (typeof value === "string") return cutText(value, 100 + 10 * most);
  if (Array.isArray(value)) return value.slice(0, most).map((item) => shrunk(item, most));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shrunk(inner, most)]));
}

/** The report as JSON of at most so many bytes. What had to be shortened says so under `cut`. */
export function boundedJson(report: Report, bytes: number): string {
  const whole = JSON.stringify(report);
  if (Buffer.byteLength(whole) <= bytes) return whole;
  for (let most = 512; ; most = Math.floor(most / 2)) {
    const cut = `too long to send: lists end after ${most}, texts after ${100 + 10 * most} characters; the database keeps all of it`;
    const json = JSON.stringify(Object.assign({ cut }, shrunk(report, most)));
    if (Buffer.byteLength(json) <= bytes || most === 0) return json;
  }
}
