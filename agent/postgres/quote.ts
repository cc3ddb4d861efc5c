import pg from "pg";

export const quoteIdentifier = (name: string): string => pg.escapeIdentifier(name);

/**
 * A literal for SQL text; null is NULL. Not pg's own: that builds the text character by character, which costs 270 MB for
 * a file of 5 MB.
 */
export const quoteLiteral = (value: string | number | boolean | null): string => {
  if (value === null) return "NULL";
  if (typeof value !== "string") return String(value);
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return quoted.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
};
