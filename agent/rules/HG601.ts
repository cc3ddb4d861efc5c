import type { Statement } from "../migrations/parser.ts";
import { anyBelow, asNode } from "../migrations/tree.ts";
import { quoteLiteral } from "../postgres/quote.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy, madeBy, type Target } from "../statements/targets.ts";
import type { Rule } from "./rule.ts";

const SAYS_NOTHING_OF_ROWS = /^(AlterEnum|Comment|CreateEnum|VariableSet)Stmt$/;

const names = ({ kind, node }: Statement, value: string): boolean =>
  !SAYS_NOTHING_OF_ROWS.test(kind) &&
  anyBelow(node, (name, part) => name === "A_Const" && asNode(part.sval).sval === value);

const makes = (statement: Statement, type: Target): boolean =>
  madeBy(statement).some((one) => one.sort === "type" && one.name === type.name && one.schema === type.schema);

/** A value of an enum that is used before it is committed. */
export const HG601: Rule = {
  id: "HG601",
  risk: "high",
  acknowledgeable: true,
  check(statement, { migration, statements }) {
    const { kind, node } = statement;
    if (kind !== "AlterEnumStmt" || node.oldVal !== undefined || !migration.transaction) return undefined;
    const [type] = changedBy(statement);
    const at = statements.indexOf(statement);
    // The values of a type that the same transaction makes may be used at once.
    if (type === undefined || statements.slice(0, at).some((one) => makes(one, type))) return undefined;
    const value = String(node.newVal);
    const use = statements.slice(at + 1).find((one) => names(one, value));
    if (use === undefined) return undefined;
    const [enumName, literal] = [sqlName(type.name, type.schema), quoteLiteral(value).trim()];
    const where = use.line === undefined ? "a later statement" : `line ${use.line}`;
    return {
      danger: `PostgreSQL refuses ${literal} as a value of ${enumName} in the transaction that adds it (55P04), and ${where} of this file names it`,
      instead: `leave the ADD VALUE in this file, and move what uses ${literal} into the next one`,
    };
  },
};
