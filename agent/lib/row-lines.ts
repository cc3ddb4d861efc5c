/** PostgreSQL's DETAIL and CONTEXT may quote rows. Their lines begin with their label, and nothing is put before it. */
const LABEL = /^(?:detail|context): /;

export const quotesRows = (line: string): boolean => LABEL.test(line);

/** A line of an error with the schema that it is of. */
export function withSchema(line: string, schema: string): string {
  const label = LABEL.exec(line)?.[0] ?? "";
  return `${label}${schema}: ${line.slice(label.length)}`;
}
