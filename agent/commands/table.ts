import { plainTerminal } from "../lib/plain.ts";

/** Columns as wide as their widest cell, two spaces between. */
export function table(rows: readonly (readonly string[])[]): string {
  const plain = rows.map((row) => row.map(plainTerminal));
  const widths = (plain[0] ?? []).map((_cell, column) => Math.max(...plain.map((row) => (row[column] ?? "").length)));
  return plain
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
