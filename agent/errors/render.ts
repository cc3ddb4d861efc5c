import { plainTerminal } from "../lib/plain.ts";
import { exitCodes } from "./exit-codes.ts";
import type { HeadgateError } from "./headgate-error.ts";

/** Further lines of a text stand under its first. */
const indented = (text: string): string => `  ${text.replaceAll("\n", "\n  ")}`;
const labelled = (label: string, text: string): string => `  ${label}: ${text.replaceAll("\n", "\n    ")}`;

/** The screen after a failure: what, where, what stands, what next. */
export function renderError(error: HeadgateError): string {
  const exit = exitCodes[error.exitCode];
  const lines = [`${error.id}: ${error.message}`];
  lines.push(...error.details.map(indented));
  lines.push(labelled("What stands", error.stands));
  lines.push(labelled("Next", error.fix));
  lines.push(`  Exit code ${error.exitCode} (${exit.meaning}). More: headgate explain ${error.id}`);
  return plainTerminal(lines.join("\n"));
}
