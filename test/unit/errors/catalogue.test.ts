import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogue, type ErrorId, isErrorId } from "../../../agent/errors/catalogue.ts";
import { exitCodes } from "../../../agent/errors/exit-codes.ts";
import { HeadgateError, toHeadgateError } from "../../../agent/errors/headgate-error.ts";
import { renderError } from "../../../agent/errors/render.ts";

const AGENT = join(import.meta.dirname, "..", "..", "..", "agent");
const ids = Object.keys(catalogue).filter(isErrorId);
const sources = readdirSync(AGENT, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith("catalogue.ts"))
  .map((file) => readFileSync(join(AGENT, file), "utf8"))
  .join("\n");

describe.each(ids)("the error %s", (id: ErrorId) => {
  it("has an exit code of the table, a sentence, causes and a way on", () => {
    const entry = catalogue[id];
    expect(exitCodes).toHaveProperty(String(entry.exit));
    expect(entry.meaning).toMatch(/^[A-Z].*\.$/);
    expect(entry.causes.length).toBeGreaterThan(0);
    expect(entry.fix).not.toBe("");
  });

  it("can happen: some part of the agent raises it", () => {
    expect(sources.includes(`HeadgateError("${id}"`)).toBe(true);
  });
});

describe("the exit codes", () => {
  it("are those of the contract that this version can end with", () => {
    expect(Object.keys(exitCodes).map(Number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 70, 143]);
  });

  it("are each the end of some error, but for 0", () => {
    const used = new Set(ids.map((id) => catalogue[id].exit));
    expect(
      Object.keys(exitCodes)
        .map(Number)
        .filter((code) => code !== 0 && ![...used].some((one) => one === code)),
    ).toEqual([]);
  });
});

describe("an error on the screen", () => {
  it("says what, where, what stands, what next and the exit code", () => {
    const error = new HeadgateError("migration-failed", {
      what: "001_a.sql:3: no",
      details: ["3 | x", "    ^"],
      stands: "001 stands",
    });
    expect(renderError(error)).toBe(
      [
        "migration-failed: 001_a.sql:3: no",
        "  3 | x",
        "      ^",
        "  What stands: 001 stands",
        `  Next: ${catalogue["migration-failed"].fix}`,
        "  Exit code 6 (a migration failed and was rolled back). More: headgate explain migration-failed",
      ].join("\n"),
    );
  });

  it("indents every line of a detail that has several", () => {
    const error = new HeadgateError("tls-failed", { what: "x", details: ["one\ntwo"], fix: "first\nsecond" });
    for (const line of renderError(error).split("\n").slice(1)) expect(line).toMatch(/^ {2}/);
  });

  it("that nobody foresaw is a bug, with the place it came from, and stays the same when it is known", () => {
    const bug = toHeadgateError(new TypeError("x is not a function"));
    expect(bug).toMatchObject({ id: "bug", exitCode: 70, message: "x is not a function" });
    expect(bug.details.join()).toContain("at ");
    expect(toHeadgateError(bug)).toBe(bug);
    expect(toHeadgateError("text").message).toBe("text");
  });
});
