const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };

/** Line ends too, which an attribute would lose. What XML cannot hold at all becomes the sign for that. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replaceAll(/[<>&"]/g, (sign) => ENTITIES[sign] ?? sign)
    .replaceAll(/[\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

export interface TestCase {
  /** What the case is about: a migration, a stage. */
  readonly of: string;
  readonly name: string;
  readonly durationMs: number;
  /** With what was seen; a case without is a success. */
  readonly failure?: { readonly what: string; readonly text: string } | undefined;
  /** Why it was not tried. */
  readonly skipped?: string | undefined;
}

function testcase({ of, name, durationMs, failure, skipped }: TestCase): string {
  const attributes = `classname="${escaped(of)}" name="${escaped(name)}" time="${seconds(durationMs)}"`;
  if (skipped !== undefined) return `<testcase ${attributes}><skipped message="${escaped(skipped)}"/></testcase>`;
  if (failure === undefined) return `<testcase ${attributes}/>`;
  return `<testcase ${attributes}><failure message="${escaped(failure.what)}">${escaped(failure.text)}</failure></testcase>`;
}

/** JUnit's XML of one suite. */
export function junitXml(suite: string, cases: readonly TestCase[]): string {
  const failed = cases.filter((one) => one.failure !== undefined).length;
  const skipped = cases.filter((one) => one.skipped !== undefined).length;
  const time = seconds(cases.reduce((sum, { durationMs }) => sum + durationMs, 0));
  const counts = `tests="${cases.length}" failures="${failed}" errors="0" skipped="${skipped}" time="${time}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
<testsuite name="${escaped(suite)}" ${counts}>
${cases.map(testcase).join("\n")}
</testsuite>
</testsuites>
`;
}
