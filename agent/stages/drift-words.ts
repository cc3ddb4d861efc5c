import { plainLine } from "../lib/plain.ts";
import type { Difference } from "../postgres/fingerprint.ts";

/** Lines of a definition that are the same, shown round those that are not. */
const CONTEXT = 2;

/** Beyond this the lines in between are told as replaced: to match each with each would take long. */
const LINES = 1_500;

type Marked = readonly [mark: " " | "-" | "+", line: string];

/** How long the longest common run of lines is from each pair of places on. */
function commonLengths(left: readonly string[], right: readonly string[]): number[][] {
  const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  const at = (i: number, j: number): number => table[i]?.[j] ?? 0;
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const row = table[i];
      if (row !== undefined) {
        row[j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  return table;
}

function between(left: readonly string[], right: readonly string[]): Marked[] {
  const gone = left.map((line): Marked => ["-", line]);
  const come = right.map((line): Marked => ["+", line]);
  if (left.length > LINES || right.length > LINES) return [...gone, ...come];
  const table = commonLengths(left, right);
  const marked: Marked[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) {
      marked.push([" ", left[i] ?? ""]);
      i += 1;
      j += 1;
    } else if ((table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0)) {
      marked.push(["-", left[i] ?? ""]);
      i += 1;
    } else {
      marked.push(["+", right[j] ?? ""]);
      j += 1;
    }
  }
  return [...marked, ...gone.slice(i), ...come.slice(j)];
}

/** Two texts line by line: every line of both, those that differ marked. */
export function diffLines(before: string, after: string): Marked[] {
  const [left, right] = [before.split("\n"), after.split("\n")];
  const least = Math.min(left.length, right.length);
  let head = 0;
  while (head < least && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < least - head && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1;
  const same = (lines: readonly string[]) => lines.map((line): Marked => [" ", line]);
  return [
    ...same(left.slice(0, head)),
    ...between(left.slice(head, left.length - tail), right.slice(head, right.length - tail)),
    ...same(left.slice(left.length - tail)),
  ];
}

/** Without the long runs of lines that are the same. */
function withContext(lines: readonly Marked[]): string[] {
  const near = lines.map((_line, at) =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(([mark]) => mark !== " "),
  );
  return lines.flatMap(([mark, line], at) => {
    if (near[at] === true) return [`${mark} ${line}`.trimEnd()];
    return near[at - 1] === true || (at === 0 && lines.length > 0) ? ["  …"] : [];
  });
}

const shown = (definition: string): string => (definition === "" ? "nothing more to say" : definition);

const indented = (mark: string, definition: string): string[] =>
  definition === "" ? [] : definition.split("\n").map((line) => `  ${mark} ${line}`.trimEnd());

/** A difference for people: the object and what became of it, then what it was and is; long definitions line by line. */
export function differenceLines({ object, kind, before = "", after = "" }: Difference): string[] {
  const name = plainLine(object);
  if (kind === "missing") return [`${name}: missing`, ...indented("-", before)];
  if (kind === "added") return [`${name}: added`, ...indented("+", after)];
  if (!/\n/.test(before + after)) return [`${name}: different`, `  was  ${shown(before)}`, `  is   ${shown(after)}`];
  return [`${name}: different`, ...withContext(diffLines(before, after)).map((line) => `  ${line}`)];
}
