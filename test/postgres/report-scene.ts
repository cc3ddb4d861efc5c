import { expect } from "vitest";
import { elements } from "./junit.ts";
import { useScene } from "./scene.ts";

const FORMATS = ["text", "html", "markdown", "junit", "json"] as const;
type Format = (typeof FORMATS)[number];

const unescaped = (text: string): string =>
  text
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

/** Two migrations, and how their runs are told. */
export function useReports() {
  const scene = useScene({
    "001_orders.sql": "CREATE TABLE orders (id int PRIMARY KEY);",
    "002_total.sql":
      "-- Up Migration\nALTER TABLE orders ADD total numeric;\n-- Down Migration\nALTER TABLE orders DROP total;",
  });
  const told = async (...args: readonly string[]): Promise<Record<Format, string>> => {
    const all = await Promise.all(
      FORMATS.map(async (format) => [format, await scene.run("report", ...args, "--format", format)] as const),
    );
    for (const [format, { code, stderr }] of all)
      expect({ format, code, stderr }).toEqual({ format, code: 0, stderr: "" });
    return Object.fromEntries(all.map(([format, { stdout }]) => [format, stdout])) as Record<Format, string>;
  };

  /** Every format is one, and says all of these. */
  async function expectTold(saying: readonly string[], ...args: readonly string[]) {
    const all = await told(...args);
    const plain = {
      ...all,
      html: unescaped(all.html),
      markdown: unescaped(all.markdown),
      junit: elements(all.junit)
        .flatMap(({ attributes }) => Object.values(attributes))
        .join("\n"),
    };
    for (const format of ["text", "html", "markdown"] as const)
      for (const one of saying)
        expect({ format, text: plain[format] }).toMatchObject({ text: expect.stringContaining(one) });
    return {
      ...all,
      cases: elements(all.junit).filter(({ name }) => name === "testcase").length,
      failures: elements(all.junit).filter(({ name }) => name === "failure"),
      data: JSON.parse(all.json),
    };
  }
  return { scene, told, expectTold };
}
