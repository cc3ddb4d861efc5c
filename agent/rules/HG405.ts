import type { Statement } from "../migrations/parser.ts";
import { asNode, list } from "../migrations/tree.ts";
import { actionsOf, type TableName, tableOf } from "../statements/alter.ts";
import { lockOf } from "../statements/locks.ts";
import type { Rule } from "./rule.ts";

const SETS = ["AT_SetLogged", "AT_SetUnLogged"];

/** The tables that are written anew: undefined for none, empty for every table that the role may. */
function rewritten(statement: Statement): readonly TableName[] | undefined {
  const { kind, node } = statement;
  if (kind === "ClusterStmt") return node.relation === undefined ? [] : [tableOf(node.relation)];
  if (kind === "VacuumStmt" && lockOf(statement).rewrites === true) {
    return list(node.rels).map((item) => tableOf(asNode(item.VacuumRelation).relation));
  }
  const set = actionsOf(statement).find(({ type }) => SETS.includes(type));
  return set === undefined ? undefined : [set.table];
}

function insteadOf(kind: string, names: readonly string[]): string {
  const table = names.map((name) => ` --table ${name}`).join("");
  if (kind === "ClusterStmt") return `sort it while clients go on, outside of a release: pg_repack${table}`;
  if (kind !== "VacuumStmt") return "make a new table of the other sort and copy the rows over in batches";
  const vacuum = `VACUUM (ANALYZE) ${names.join(", ")}`.trim();
  return `make room for new rows in a file of its own with the line -- headgate: no-transaction: ${vacuum}; to give the disk back, outside of a release: pg_repack --no-order${table}`;
}

/** A table that is written anew while nobody can use it. */
export const HG405: Rule = {
  id: "HG405",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const tables = rewritten(statement);
    if (tables === undefined) return undefined;
    const old = tables.filter(({ target }) => !made.has(target)).map(({ sql }) => sql);
    if (tables.length > 0 && old.length === 0) return undefined;
    const [only] = tables.length === 1 ? old : [];
    const names = old.length === 0 ? "any table whose turn it is" : old.join(", ");
    return {
      danger: `nobody can read or write ${names} until every row and every index is written anew (ACCESS EXCLUSIVE lock), which takes the room of both copies`,
      instead: insteadOf(statement.kind, old),
      ...(only === undefined ? {} : { table: only }),
    };
  },
};
