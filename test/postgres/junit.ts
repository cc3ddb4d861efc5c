import { expect } from "vitest";

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function decoded(text: string): string {
  if (/&(?!(lt|gt|amp|quot|#\d+);)/.test(text)) throw new Error(`bad entity in ${text}`);
  return text
    .replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

const attributesOf = (text: string): Element["attributes"] =>
  Object.fromEntries([...text.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, key, value = ""]) => [key, decoded(value)]));

/** The elements of a document as JUnit's are; throws on one that is not well-formed. */
export function elements(xml: string): Element[] {
  const body = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, "");
  const open: string[] = [];
  const all: Element[] = [];
  const tag = /<(\/?)([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>/g;
  decoded(body.replaceAll(tag, "").replace("<", "& a stray <"));
  for (const [, close, name = "", attributes = "", self] of body.matchAll(tag)) {
    if (close === "/") expect(open.pop()).toBe(name);
    else all.push({ name, attributes: attributesOf(attributes) });
    if (close === "" && self === "") open.push(name);
  }
  expect(open).toEqual([]);
  return all;
}
