import pg from "pg";

export const quoteIdentifier = (name: string): string => pg.escapeIdentifier(name);

/** A literal for SQL text; null is NULL. pg doubles quotes and uses E'' where a backslash needs it. */
export const quoteLiteral = (value: string | number | boolean | null): string => {
  if (value === null) return "NULL";
  return typeof value === "string" ? pg.escapeLiteral(value) : String(value);
};
