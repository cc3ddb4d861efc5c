import type { Statement } from "../migrations/parser.ts";
import { actionsOf } from "./alter.ts";

/** Marks of what may be made good by a later statement. Names as SQL writes them. */
export const marks = {
  validated: (table: string, constraint: string): string => JSON.stringify(["validated", table, constraint]),
};

/** What a statement makes good. */
export const settledBy = (statement: Statement): readonly string[] =>
  actionsOf(statement).flatMap(({ type, table, name }) =>
    type === "AT_ValidateConstraint" ? [marks.validated(table.sql, String(name))] : [],
  );
