import { plainTerminal } from "../lib/plain.ts";

/** Text that is markup already. Only `html` makes it, so nothing gets into a page unescaped. */
export interface Markup {
  readonly markup: string;
}

export type Part = Markup | string | number | undefined | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  '"': "&quot;",
  "'": "&#39;",
};

/** As text and in attributes alike. What would turn the reading direction around, or is not to be seen, stands as its code. */
const escaped = (text: string): string =>
  plainTerminal(text.replaceAll("\r\n", "\n")).replaceAll(/[<>&"']/g, (sign) => ENTITIES[sign] ?? sign);

function written(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return "markup" in part ? part.markup : part.map(written).join("");
}

/** A piece of a page; every value in it is escaped. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: strings.map((text, at) => `${text}${written(parts[at])}`).join(""),
});
