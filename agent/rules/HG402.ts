import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import { changedBy } from "../statements/targets.ts";
import type { Rule } from "./rule.ts";

const DROPS = ["AT_DropColumn", "AT_DropConstraint"];

function objectName(object: unknown): string {
  const [name, schema] = nameParts(object).toReversed();
  // A cast or an operator class has no name of its own.
  return asText(name) === undefined ? "it" : sqlName(String(name), asText(schema));
}

function alterDrops({ relation, cmds }: Node): string[] {
  return list(cmds)
    .map((item) => asNode(item.AlterTableCmd))
    .filter(({ subtype, behavior }) => DROPS.includes(String(subtype)) && behavior === "DROP_CASCADE")
    .map(({ name }) => `${tableOf(relation).sql}.${sqlName(String(name))}`);
}

/** What is dropped together with all that depends on it. */
function cascades({ kind, node }: Statement): string[] {
  if (kind === "AlterTableStmt") return alterDrops(node);
  if (node.behavior !== "DROP_CASCADE") return [];
  if (kind === "DropOwnedStmt") return ["what these roles own"];
  return kind === "DropStmt" ? list(node.objects).map(objectName) : [];
}

/** A drop that takes along what it does not name. */
export const HG402: Rule = {
  id: "HG402",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const dropped = cascades(statement);
    const targets = changedBy(statement);
    if (dropped.length === 0 || (targets.length > 0 && targets.every(made.has))) return undefined;
    const names = dropped.join(", ");
    return {
      danger: `CASCADE drops whatever depends on ${names} without naming it: views, foreign keys, columns, defaults`,
      instead: `leave CASCADE out: PostgreSQL then refuses and lists what depends on ${names}; drop each of that by its name, before it in the same file`,
    };
  },
};
