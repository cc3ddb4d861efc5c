import { asNode, list, type Node } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { marks } from "../statements/settled.ts";
import type { Rule } from "./rule.ts";

const IDENTIFIES = /^CONSTR_(PRIMARY|UNIQUE)$/;

/** A key of its own, or one that it may get from another table. */
const hasKey = ({ ColumnDef, Constraint, TableLikeClause }: Node): boolean =>
  TableLikeClause !== undefined ||
  IDENTIFIES.test(String(asNode(Constraint).contype)) ||
  list(asNode(ColumnDef).constraints).some((item) => IDENTIFIES.test(String(asNode(item.Constraint).contype)));

/** A new table whose rows nothing tells apart. */
export const HG408: Rule = {
  id: "HG408",
  risk: "low",
  acknowledgeable: true,
  check({ kind, node }) {
    if (kind !== "CreateStmt" || asNode(node.relation).relpersistence !== "p") return undefined;
    if (node.inhRelations !== undefined || list(node.tableElts).some(hasKey)) return undefined;
    const { sql } = tableOf(node.relation);
    return {
      danger: `${sql} has no primary key: nothing tells two equal rows apart, and once the table is published for logical replication every UPDATE and DELETE of it fails`,
      instead: `name the columns that tell rows apart as PRIMARY KEY, or give it one: id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`,
      unless: marks.keyed(sql),
    };
  },
};
