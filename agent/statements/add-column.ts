import { anyBelow, asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import type { Phase } from "../migrations/types.ts";

/** Where the value comes from in a row that older code writes: it does not name the column. */
type Source = "none" | "counter" | "default" | "generated";

const SERIAL = /^((small|big)?serial|serial[248])$/;

/** True for the types that are a number and a sequence. */
export const isSerial = ({ typeName }: Node): boolean => SERIAL.test(String(nameParts(typeName).at(-1)));

const isNull = (expression: unknown): boolean => asNode(asNode(expression).A_Const).isnull === true;

function sourceOf(column: Node, constraints: readonly Node[]): Source {
  const types = constraints.map(({ contype }) => contype);
  if (types.includes("CONSTR_IDENTITY") || isSerial(column)) return "counter";
  if (types.includes("CONSTR_GENERATED")) return "generated";
  const given = constraints.find(({ contype }) => contype === "CONSTR_DEFAULT");
  return given === undefined || isNull(given.raw_expr) ? "none" : "default";
}

/** What a constraint does to rows of older code. A generated value follows columns that such code does write. */
const byConstraint: Readonly<Record<string, Readonly<Record<Source, Phase>>>> = {
  CONSTR_NOTNULL: { none: "contract", counter: "expand", default: "expand", generated: "unknown" },
  CONSTR_PRIMARY: { none: "contract", counter: "expand", default: "unknown", generated: "unknown" },
  CONSTR_UNIQUE: { none: "expand", counter: "expand", default: "unknown", generated: "unknown" },
  CONSTR_FOREIGN: { none: "expand", counter: "unknown", default: "unknown", generated: "unknown" },
  CONSTR_CHECK: { none: "expand", counter: "expand", default: "expand", generated: "unknown" },
};

/** True when a CHECK could refuse a row although the new column is NULL or has its default. */
function reachesFurther(check: Node, column: unknown, source: Source): boolean {
  return anyBelow(check.raw_expr, (kind, part) => {
    if (kind === "ColumnRef") return nameParts(part.fields).at(-1) !== column;
    return kind === "NullTest" && part.nulltesttype === "IS_NOT_NULL" && source === "none";
  });
}

/** One phase a constraint of an ADD COLUMN; none without constraints. */
export function addColumnPhases(column: Node): readonly Phase[] {
  const constraints = list(column.constraints).map((item) => asNode(item.Constraint));
  const source = sourceOf(column, constraints);
  return constraints.map((constraint): Phase => {
    const type = String(constraint.contype);
    if (type === "CONSTR_CHECK" && reachesFurther(constraint, column.colname, source)) return "unknown";
    // Two NULLs are equal to it, so the second row of older code is refused.
    if (constraint.nulls_not_distinct === true && source === "none") return "unknown";
    return byConstraint[type]?.[source] ?? "expand";
  });
}
