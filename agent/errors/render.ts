import { exitCodes } from "./exit-codes.ts";
import type { HeadgateError } from "./headgate-error.ts";

/** The screen after a failure: what, where, what stands, what next. */
export function renderError(error: HeadgateError): string {
  const exit = exitCodes[error.exitCode];
  const lines = [`${error.id}: ${error.message}`];
  lines.push(...error.details.map((detail) => `  ${detail}`));
  if (error.stands !== undefined) lines.push(`  What stands: ${error.stands}`);
  lines.push(`  Next: ${error.fix}`);
  lines.push(`  Exit code ${error.exitCode} (${exit.meaning}). More: headgate explain ${error.id}`);
  return lines.join("\n");
}
