import { diffLines, type Marked } from "../lib/line-diff.ts";
import { plainLine } from "../lib/plain.ts";
import type { Difference } from "../postgres/fingerprint-differences.ts";

/** Lines of a definition that are the same, shown round those that are not. */
const CONTEXT = 2;

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
