import type { Statement } from "../migrations/parser.ts";
import type { Rule } from "./rule.ts";

/** Names that a DROP or ALTER of a schema, or of something inside it, holds in its tree. */
function touches({ kind, node }: Statement, schema: string): boolean {
  const names = JSON.stringify([node.objects, node.relation, node.subname, node.schemaname, node.object]);
  const inSchema =
    names.includes(`"schemaname":"${schema}"`) || names.includes(`{"items":[{"String":{"sval":"${schema}"}}`);
  if (kind === "DropStmt")
    return inSchema || (node.removeType === "OBJECT_SCHEMA" && names.includes(`"sval":"${schema}"`));
  if (kind === "RenameStmt") return inSchema || (node.renameType === "OBJECT_SCHEMA" && node.subname === schema);
  return (
    ["AlterTableStmt", "TruncateStmt", "AlterObjectSchemaStmt", "DeleteStmt", "UpdateStmt", "InsertStmt"].includes(
      kind,
    ) && inSchema
  );
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
