import { diffArrays } from "diff";

export type Marked = readonly [mark: " " | "-" | "+", line: string];

/** Beyond so many lines that differ all are told as replaced: to match each with each would take long. */
const MOST_EDITS = 1_500;

/** Two texts line by line: every line of both, those that differ marked. */
export function diffLines(before: string, after: string): Marked[] {
  const [left, right] = [before.split("\n"), after.split("\n")];
  const parts = diffArrays(left, right, { maxEditLength: MOST_EDITS }) ?? [
    { removed: true, added: false, value: left },
    { removed: false, added: true, value: right },
  ];
  return parts.flatMap(({ added, removed, value }) =>
    value.map((line): Marked => [removed ? "-" : added ? "+" : " ", line]),
  );
}
