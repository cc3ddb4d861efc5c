/** What would play tricks with a terminal stands as its code: names and texts come from files and databases. */
export const plainTerminal = (text: string): string =>
  text.replace(/[^\P{C}\n\t]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** As `plainTerminal`, in one line. */
export const plainLine = (text: string): string => plainTerminal(text.replaceAll(/\s+/g, " ").trim());

/** Text that means nothing but itself in markdown. */
export const plainMarkdown = (text: string): string =>
  text.replace(/[^\p{L}\p{N} .,:;()/%-]/gu, (character) => `&#${character.codePointAt(0)};`);

/** Text as it is, in a block of code; its fence is longer than every run of backticks inside. */
export function fencedMarkdown(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${plainTerminal(text)}\n${fence}`;
}
