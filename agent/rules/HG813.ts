import type { Statement } from "../migrations/parser.ts";
import { anyBelow, asNode, list, type Node, nameParts } from "../migrations/tree.ts";
import type { Rule } from "./rule.ts";

const WRITES = /^(Insert|Update|Delete|Merge)Stmt$/;
const CHANGES = /^(Alter\w+|Drop|Rename|Truncate|CreateTrig|CreateFunction|CreatePolicy|Rule|Index)Stmt$/;
const ON_A_TABLE = ["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"];

/** What a statement changes: the tree has another key for each kind of it. */
const targetsOf = (node: Node): unknown[] => [
  ...[node.relation, node.table, node.sequence, node.object, node.func, node.opername],
  ...[node.funcname, node.typeName, node.defnames],
  ...list(node.relations),
  ...list(node.objects),
];

/** How far from the end of a target's name its schema stands: `DROP TRIGGER` gives schema, table and trigger. */
function schemaAt(node: Node): number {
  if ([node.removeType, node.objectType].includes("OBJECT_SCHEMA")) return -1;
  return ON_A_TABLE.includes(String(node.removeType)) ? -3 : -2;
}

function touches({ kind, node }: Statement, schema: string): boolean {
  const ownTable = ({ relation }: Node) => asNode(relation).schemaname === schema;
  const writes = anyBelow({ [kind]: node }, (name, inner) => WRITES.test(name) && ownTable(inner));
  if (writes || (kind === "RenameStmt" && node.renameType === "OBJECT_SCHEMA" && node.subname === schema)) return true;
  if (!CHANGES.test(kind) && !(kind === "CopyStmt" && node.is_from === true)) return false;
  return targetsOf(node).some((target) => nameParts(target).at(schemaAt(node)) === schema);
}

/** A change to Headgate's own schema, which holds the record of what was applied. */
export const HG813: Rule = {
  id: "HG813",
  risk: "high",
  acknowledgeable: false,
  check(statement, { ownSchema }) {
    if (!touches(statement, ownSchema)) return undefined;
    return {
      danger: `this changes the schema ${ownSchema}, where Headgate records what was applied and how to undo it`,
      instead: `leave it alone; when the name is in the way of your own, choose another with history.schema`,
    };
  },
};
