import { beforeAll, describe, expect, it } from "vitest";
import { caret, loadParser, type Parse } from "../../../agent/migrations/parser.ts";
import { FileProblemError } from "../../../agent/migrations/problem.ts";

let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
});

function problemOf(sql: string) {
  try {
    parse({ sql, file: "a.sql", line: 1 });
  } catch (error) {
    if (error instanceof FileProblemError) return error.problem;
    throw error;
  }
  throw new Error("it parses");
}

describe("caret", () => {
  it("stands under the character, counted from 1 over the whole text", () => {
    expect(caret("SELECT 1;\nSELECT x;", 18, 5)).toEqual({ line: 6, excerpt: ["6 | SELECT x;", "           ^"] });
    expect(caret("x", 1, 1)).toEqual({ line: 1, excerpt: ["1 | x", "    ^"] });
    expect(caret("a;\nb", 4, 1)).toEqual({ line: 2, excerpt: ["2 | b", "    ^"] });
  });

  it("counts characters, not UTF-16 units, and a tab as one column", () => {
    expect(caret("SELECT '😀é', x", 14, 1).excerpt[1]?.length).toBe("1 | SELECT '😀é', x".length);
    expect(caret("\tx", 2, 1).excerpt).toEqual(["1 |  x", "     ^"]);
  });

  it("shows a part of a line that is too long for a screen", () => {
    const { excerpt } = caret(`${"a".repeat(5_000)}X${"b".repeat(5_000)}`, 5_001, 1);
    expect(excerpt[0]?.length).toBeLessThan(200);
    expect(excerpt[0]?.[(excerpt[1]?.length ?? 0) - 1]).toBe("X");
  });
});

describe("SQL that does not parse", () => {
  it("is shown with the caret under the word at which the parser stopped", () => {
    const { line, excerpt = [] } = problemOf("SELECT 'é😀';\n  CREATE TABEL x (id int);\n");
    expect(line).toBe(2);
    expect(excerpt).toEqual(["2 |   CREATE TABEL x (id int);", "             ^"]);
  });

  it("is shown in its own line when it is the first word of that line, and of the file", () => {
    expect(problemOf("SELECT 1;\nSELEC 2;")).toMatchObject({ line: 2, excerpt: ["2 | SELEC 2;", "    ^"] });
    expect(problemOf("SELEC 2;")).toMatchObject({ line: 1, excerpt: ["1 | SELEC 2;", "    ^"] });
  });
});

describe("statements", () => {
  it("know their text and the line of their first word, with multi-byte characters before", () => {
    const sql = "-- é😀\n\nSELECT 'é';\n\n/* two\nlines */ -- and one\nCREATE TABLE t (id int);";
    expect(parse({ sql, file: "a.sql", line: 10 }).map(({ kind, line }) => [kind, line])).toEqual([
      ["SelectStmt", 12],
      ["CreateStmt", 16],
    ]);
  });

  it("are none in a file of comments", () => {
    expect(parse({ sql: "-- nothing\n;;", file: "a.sql", line: 1 })).toEqual([]);
  });
});
