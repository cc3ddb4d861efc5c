import type { Statement } from "../migrations/parser.ts";
import { asNode } from "../migrations/tree.ts";
import { quoteIdentifier } from "../postgres/quote.ts";

function dropOf({ kind, node }: Statement): string | undefined {
  if (kind !== "IndexStmt" || node.concurrent !== true || typeof node.idxname !== "string") return undefined;
  const { schemaname } = asNode(node.relation);
  // An index lives where its table does.
  const schema = typeof schemaname === "string" ? `${quoteIdentifier(schemaname)}.` : "";
  return `DROP INDEX CONCURRENTLY IF EXISTS ${schema}${quoteIdentifier(node.idxname)};`;
}

/** The way back of a file that does nothing but build named indexes concurrently; undefined for any other. */
export function automaticDown(statements: readonly Statement[]): string | undefined {
  const drops = statements.map(dropOf);
  if (drops.length === 0 || drops.includes(undefined)) return undefined;
  return drops.toReversed().join("\n");
}
