import type { Statement } from "../migrations/parser.ts";
import { isPatient } from "../migrations/statements.ts";
import { asNode, list } from "../migrations/tree.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

/** The limit that a SET gives every statement after it, as it is written; undefined for none. */
function limitOf({ node: { kind, args } }: Statement): string | undefined {
  const [first] = list(args);
  const { sval, ival } = asNode(first?.A_Const);
  const text = asNode(sval).sval ?? asNode(ival).ival ?? 0;
  return kind === "VAR_SET_VALUE" && !/^\s*0+\s*[a-z]*\s*$/i.test(String(text)) ? String(text) : undefined;
}

const setsIt = ({ kind, node }: Statement): boolean =>
  kind === "VariableSetStmt" &&
  // LOCAL ends with the statement, where each is a transaction of its own.
  ((node.name === "statement_timeout" && node.is_local !== true) || node.kind === "VAR_RESET_ALL");

/** The statements of a file that set it, by their places. */
const settings = onceAFile((statements) => [...statements.entries()].filter(([, statement]) => setsIt(statement)));

/** Patient work that the file itself cuts off. */
export const HG107: Rule = {
  id: "HG107",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { migration, statements }) {
    if (migration.transaction || !isPatient(statement)) return undefined;
    const at = statements.indexOf(statement);
    const [, last] = settings(statements).findLast(([place]) => place < at) ?? [];
    const limit = last && limitOf(last);
    if (limit === undefined) return undefined;
    return {
      danger: `statement_timeout ${limit} ends this where it takes longer, on a busy or a big table: what it has done is lost, and the release stops half-way in this file (exit code 7)`,
      instead:
        "leave SET statement_timeout out, or write SET statement_timeout = 0 before it: its waiting keeps nobody out",
    };
  },
};
