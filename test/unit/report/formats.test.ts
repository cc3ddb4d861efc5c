import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountOf } from "../../../agent/report/account.ts";
import { formatOfFile, formats } from "../../../agent/report/formats.ts";
import { readReport } from "../../../agent/report/read-report.ts";
import type { Report } from "../../../agent/report/report.ts";
import { elements } from "../../postgres/junit.ts";
import { whole } from "./whole.ts";

/** What may have become of a report in a database: any JSON in any of its places. */
const broken = fc
  .dictionary(
    fc.constantFrom(...Object.keys(whole({})), "schema", "expectations", "backup", "drift", "leftOut"),
    fc.jsonValue(),
  )
  .map((part): unknown => ({ ...whole({}), ...part }));

const text = fc.string({ unit: "binary", maxLength: 30 });
const odd: fc.Arbitrary<Partial<Report>> = fc.record({
  applied: fc.array(fc.record({ name: text, durationMs: fc.nat() }), { maxLength: 3 }),
  stages: fc.array(
    fc.record({
      name: text,
      status: fc.constantFrom("ok" as const, "failed" as const),
      durationMs: fc.nat(),
      summary: text,
    }),
    { maxLength: 3 },
  ),
  error: fc.record({ id: text, what: text, details: fc.array(text, { maxLength: 3 }), stands: text, fix: text }),
  outcome: fc.constantFrom("done" as const, "failed" as const, "stopped" as const),
  notReached: fc.array(text, { maxLength: 2 }),
});

describe("every format", () => {
  it("tells whatever a database has made of a report, and never fails", async () => {
    const renders = await Promise.all(formats.map(async (format) => await format.load()));
    fc.assert(
      fc.property(broken, (raw) => {
        const account = accountOf({ report: readReport(raw) });
        for (const render of renders) expect(render(account).length).toBeGreaterThan(10);
      }),
    );
  });

  it("is well-formed, whatever names and messages hold", async () => {
    const [junit, html, json] = await Promise.all(
      ["a.xml", "a.html", "a.json"].map(async (path) => await formatOfFile(path)?.load()),
    );
    fc.assert(
      fc.property(odd, (part) => {
        const account = accountOf({ report: whole(part) });
        const cases = elements(junit?.(account) ?? "").filter(({ name }) => name === "testcase");
        expect(cases.length).toBeGreaterThanOrEqual((part.applied ?? []).length);
        expect(html?.(account)).not.toMatch(/[^\P{C}\n\t]/u);
        expect(JSON.parse(json?.(account) ?? "")).toMatchObject({ run: { outcome: part.outcome } });
      }),
    );
  });

  it("keeps definitions out of what goes to a pull request", async () => {
    const change = { object: "function pay()", kind: "different", before: "RETURN 1", after: "token=hunter2" } as const;
    const markdown = await formatOfFile("a.md")?.load();
    const told = markdown?.(accountOf({ report: whole({ drift: [change], schema: [change] }) })) ?? "";
    expect(told.match(/function pay/g)).toHaveLength(2);
    expect(told).not.toMatch(/hunter2|RETURN/);
  });

  it("says one thing to do first", async () => {
    const error = { id: "busy", what: "busy", details: [], stands: "nothing was changed", fix: "wait" };
    const account = accountOf({ report: whole({ outcome: "failed", exitCode: 4, error }) });
    const [text, markdown] = await Promise.all(["a.txt", "a.md"].map(async (path) => await formatOfFile(path)?.load()));
    expect(text?.(account)).toContain("\nnext: wait\nnext: headgate explain busy says more\n");
    expect(markdown?.(account)).toContain("\nWhat to do first: wait\n\nThen: headgate explain busy says more\n");
  });

  it("is chosen by the file's ending, and each has its own", () => {
    expect(["a.HTML", "b.xml", "c.md", "d.txt", "e.json"].map((path) => formatOfFile(path)?.name)).toEqual([
      ...["html", "junit", "markdown", "text", "json"],
    ]);
    expect(formatOfFile("report.pdf")).toBeUndefined();
    const endings = formats.map(({ ending }) => ending).filter((ending) => ending !== "");
    expect(new Set(endings).size).toBe(endings.length);
  });
});
