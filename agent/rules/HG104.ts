import type { Statement } from "../migrations/parser.ts";
import type { Rule } from "./rule.ts";

const NEVER_INSIDE = ["AlterSystemStmt", "CreatedbStmt", "DropdbStmt", "CreateTableSpaceStmt", "DropTableSpaceStmt"];

function needsNoTransaction({ kind, node, sql }: Statement): boolean {
  if (NEVER_INSIDE.includes(kind)) return true;
  if (kind === "VacuumStmt") return node.is_vacuumcmd === true;
  // With a table it may run anywhere; without, it goes through all of them in transactions of its own.
  if (kind === "ClusterStmt") return node.relation === undefined;
  if (kind === "AlterTableStmt") return /\bDETACH\s+PARTITION\b[\s\S]*\bCONCURRENTLY\b/i.test(sql);
  return (kind === "IndexStmt" || kind === "DropStmt") && node.concurrent === true;
}

const isConcurrentReindex = ({ kind, sql }: Statement): boolean =>
  kind === "ReindexStmt" && /\bCONCURRENTLY\b/i.test(sql);

/** What PostgreSQL refuses inside a transaction block (25001), in a file that runs inside one. */
export const HG104: Rule = {
  id: "HG104",
  risk: "high",
  acknowledgeable: false,
  check(statement, { migration }) {
    if (!migration.transaction || !(needsNoTransaction(statement) || isConcurrentReindex(statement))) return undefined;
    return {
      danger: "PostgreSQL refuses this inside a transaction block (25001), and the file runs inside one",
      instead: "put it into a file of its own with the line -- headgate: no-transaction",
    };
  },
};
