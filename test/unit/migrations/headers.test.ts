import { describe, expect, it } from "vitest";
import { readHeaders } from "../../../agent/migrations/headers.ts";
import { FileProblemError } from "../../../agent/migrations/problem.ts";

const read = (text: string) => readHeaders(text, "001_a.sql", 1);

function problemOf(text: string) {
  try {
    read(text);
  } catch (error) {
    if (error instanceof FileProblemError) return error.problem;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe("headers", () => {
  it("are none in a file without", () => {
    expect(read("SELECT 1; -- headgate is great")).toEqual({
      transaction: true,
      phase: "unknown",
      lockTimeoutMs: undefined,
      allowed: [],
    });
  });

  it("may all stand in one file, with any indentation", () => {
    const text = [
      "-- headgate: no-transaction",
      "  --headgate:phase=contract  ",
      "-- headgate: lock-timeout=2s",
      '-- headgate: allow HG211 reason="table is empty"',
      '-- headgate: allow HG212 reason="yes"',
    ].join("\n");
    expect(read(text)).toEqual({
      transaction: false,
      phase: "contract",
      lockTimeoutMs: 2_000,
      allowed: [
        { rule: "HG211", reason: "table is empty", line: 4 },
        { rule: "HG212", reason: "yes", line: 5 },
      ],
    });
  });

  it("with a typo are refused with their line and what is known", () => {
    const problem = problemOf("SELECT 1;\n-- headgate: no-transactions\n");
    expect(problem).toMatchObject({ file: "001_a.sql", line: 2 });
    expect(problem.text).toContain('unknown header "no-transactions"; known: no-transaction');
  });

  it("with a wrong value are refused", () => {
    for (const header of [
      "phase=later",
      "lock-timeout=2",
      "allow",
      "allow HG211",
      'allow HG211 reason=""',
      "allow HG21 reason=x",
      "",
    ]) {
      expect(problemOf(`-- headgate: ${header}`).line, header).toBe(1);
    }
  });

  it("with a lock-timeout of nothing are refused: PostgreSQL would wait without end", () => {
    for (const value of ["0s", "597h", "99999999999999999999h"]) {
      expect(problemOf(`-- headgate: lock-timeout=${value}`).text, value).toContain("1ms to 596h");
    }
    expect(read("-- headgate: lock-timeout=596h").lockTimeoutMs).toBe(596 * 3_600_000);
  });

  it("in other letters or without the colon are refused, not passed over", () => {
    expect(problemOf("-- headgate runs this").text).toContain("one is written -- headgate: HEADER");
    for (const line of ["-- Headgate: no-transaction", "-- headgate no-transaction", "-- HEADGATE: phase=expand"]) {
      expect(problemOf(line).line, line).toBe(1);
    }
  });
});
