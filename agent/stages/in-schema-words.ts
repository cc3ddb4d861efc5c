import { HeadgateError } from "../errors/headgate-error.ts";
import { shellWord } from "../lib/shell.ts";
import { quoteIdentifier } from "../postgres/quote.ts";

/** Commands that people are told to type, which without it would be about another target. */
const COMMAND = /\bheadgate (repair|baseline|revert|plan|status|verify)\b(?! --schema| -f)/g;

export const inSchemaWords = (text: string, schema: string): string =>
  text.replace(COMMAND, (command) => `${command} --schema ${shellWord(schema)}`);

/** The same error, of a run in one schema of a fleet: its commands name the schema, and SQL by hand is told where to run. */
export function inSchemaError(error: HeadgateError, schema: string): HeadgateError {
  const words = (text: string) => inSchemaWords(text, schema);
  const byHand = error.id === "needs-attention" ? `\nin psql first: SET search_path = ${quoteIdentifier(schema)};` : "";
  return new HeadgateError(error.id, {
    what: error.message,
    details: error.details.map(words),
    fix: `${words(error.fix)}${byHand}`,
    stands: words(error.stands),
    cause: error.cause,
  });
}
