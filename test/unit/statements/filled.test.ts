import { beforeAll, expect, it } from "vitest";
import { loadParser, type Parse } from "../../../agent/migrations/parser.ts";
import { trackMade } from "../../../agent/statements/made.ts";

let parse: Parse;
beforeAll(async () => {
  parse = await loadParser();
});

const CHECKED = "ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL AND b IS NOT NULL) NOT VALID;";
const VALID = `${CHECKED} ALTER TABLE t VALIDATE CONSTRAINT n;`;

it.each([
  ["a CHECK that is not validated", CHECKED, []],
  ["one that is", VALID, ["n"]],
  ["one that was valid from the beginning", "ALTER TABLE t ADD CHECK (a IS NOT NULL)", ["t_a_check"]],
  ["one that was dropped again", `${VALID} ALTER TABLE t DROP CONSTRAINT n;`, []],
  ["one of another table", VALID.replaceAll("TABLE t", "TABLE u"), []],
  ["one that a NULL may pass", "ALTER TABLE t ADD CHECK (a IS NOT NULL OR b > 1)", []],
])("%s", (_what, sql, names) => {
  const made = trackMade();
  for (const statement of parse({ sql, file: "x.sql", line: 1 })) made.note(statement);
  expect(made.filled.by("t", "a")).toEqual(names);
});
