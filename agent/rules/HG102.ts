import type { Statement } from "../migrations/parser.ts";
import { indexBuilt, indexesDropped, isNewIndex, oneForTheOther } from "../statements/indexes.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

/** The statements that build an index, by its name as SQL writes it. */
const builtInFile = onceAFile(
  (statements): ReadonlyMap<string | undefined, Statement> => new Map(statements.map((one) => [indexBuilt(one), one])),
);

/** An index that is dropped while nobody can use its table. */
export const HG102: Rule = {
  id: "HG102",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made, statements }) {
    const { node } = statement;
    if (node.concurrent === true) return undefined;
    const names = indexesDropped(statement)
      .filter((index) => !isNewIndex(index, made))
      .map(({ sql }) => sql);
    if (names.length === 0) return undefined;
    const drop = `DROP INDEX CONCURRENTLY${node.missing_ok === true ? " IF EXISTS" : ""}`;
    const steps = names.map((name) => {
      const next = builtInFile(statements).get(name);
      return next === undefined ? `${drop} ${name}` : oneForTheOther(next);
    });
    return {
      danger: `it waits for every query that runs on the table of ${names.join(", ")}, and every later one waits behind it (ACCESS EXCLUSIVE lock)`,
      instead: `in a file of its own with the line -- headgate: no-transaction: ${steps.join("; ")}`,
    };
  },
};
