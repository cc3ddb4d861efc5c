import { reasonOf } from "../lib/reason.ts";
import { FileProblemError } from "./problem.ts";
import { asNode, type Node } from "./tree.ts";
import type { SqlText } from "./types.ts";

export interface Statement {
  readonly sql: string;
  /** The node's name, e.g. `IndexStmt`. */
  readonly kind: string;
  readonly node: Node;
  /** Line of the file, from 1; undefined where the SQL was generated. */
  readonly line: number | undefined;
}

/** Above this the tree of a file costs more memory than a migrate container has: 4.5 MB of INSERTs take 340 MB. */
export const PARSE_LIMIT_BYTES = 1_000_000;

export type Parse = (text: SqlText) => readonly Statement[];

interface RawStatement {
  readonly stmt?: unknown;
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

/** Counts the line ends before an offset of the text; asked for offsets that only grow, so the text is read once. */
function lineCounter(bytes: Buffer): (offset: number) => number {
  let at = 0;
  let lines = 0;
  return (offset) => {
    for (; at < offset; at += 1) if (bytes[at] === 0x0a) lines += 1;
    return lines;
  };
}

function toStatements(raws: readonly RawStatement[], text: SqlText): Statement[] {
  const bytes = Buffer.from(text.sql, "utf8");
  const linesBefore = lineCounter(bytes);
  return raws.map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    const piece = bytes.subarray(start, length === undefined ? undefined : start + length).toString("utf8");
    // Comments before a statement belong to it; the line is that of its first word.
    const lead = piece.match(/^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)*/)?.[0] ?? "";
    const [kind, node] = Object.entries(asNode(stmt))[0] ?? ["", {}];
    const lines = linesBefore(start + Buffer.byteLength(lead));
    return {
      sql: piece.trim(),
      kind,
      node: asNode(node),
      line: text.line === undefined ? undefined : text.line + lines,
    };
  });
}

/** The lines round a position, with a caret under it. `position` counts characters from 1. */
export function caret(sql: string, position: number, firstLine: number): { line: number; excerpt: string[] } {
  const before = [...sql].slice(0, position - 1).join("");
  const lines = sql.split("\n");
  const index = before.split("\n").length - 1;
  const column = before.length - (before.lastIndexOf("\n") + 1);
  const line = firstLine + index;
  const label = `${line} | `;
  const shown = (lines[index] ?? "").replaceAll("\t", " ");
  const from = Math.max(0, column - 80);
  return {
    line,
    excerpt: [`${label}${shown.slice(from, from + 160)}`, `${" ".repeat(label.length + column - from)}^`],
  };
}

function syntaxProblem(error: unknown, text: SqlText): FileProblemError {
  const message = reasonOf(error);
  const details = error instanceof Error && "sqlDetails" in error ? error.sqlDetails : undefined;
  // Counted from 0, unlike the position in a server's error.
  const { cursorPosition } = asNode(details);
  const position = typeof cursorPosition === "number" ? cursorPosition : -1;
  if (position < 0) return new FileProblemError({ file: text.file, text: message });
  const { line, excerpt } = caret(text.sql, position + 1, text.line ?? 1);
  return new FileProblemError({ file: text.file, line, text: message, excerpt });
}

/**
 * Loads PostgreSQL's own parser (WebAssembly) and gives a function that splits SQL into statements. That function throws
 * a `FileProblemError` with line and caret on SQL that does not parse.
 */
export async function loadParser(): Promise<Parse> {
  // Optimizing the parser's huge functions in the background takes 550 MB and wins nothing for a few thousand files.
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--no-wasm-tier-up");
  setFlagsFromString("--no-wasm-dynamic-tiering");
  const { loadModule, parseSync } = await import("libpg-query");
  await loadModule();
  return (text) => {
    try {
      return toStatements(parseSync(text.sql).stmts ?? [], text);
    } catch (error) {
      throw syntaxProblem(error, text);
    }
  };
}
