import { asNode, list } from "../migrations/tree.ts";
import { tableOf } from "../statements/alter.ts";
import type { Rule } from "./rule.ts";

const GROUP = String.raw`\((?:'(?:[^']|'')*'|[^()']|\((?:'(?:[^']|'')*'|[^()'])*\))*\)`;
const BOUND = new RegExp(`FOR\\s+VALUES\\s+(?:FROM\\s*${GROUP}\\s*TO|IN|WITH)\\s*${GROUP}`, "i");

/** A new partition that is made in its place. */
export const HG504: Rule = {
  id: "HG504",
  risk: "medium",
  acknowledgeable: true,
  check({ kind, node, sql }, { made }) {
    const { is_default: isDefault } = asNode(node.partbound);
    if (kind !== "CreateStmt" || node.partbound === undefined) return undefined;
    const parent = tableOf(list(node.inhRelations)[0]);
    if (made.has(parent.target)) return undefined;
    const name = tableOf(node.relation).sql;
    const bound = isDefault === true ? "DEFAULT" : (BOUND.exec(sql)?.[0] ?? "FOR VALUES …");
    return {
      danger: `it waits for every query that runs on ${parent.sql} with all its partitions, and every later one waits behind it (ACCESS EXCLUSIVE lock)`,
      instead: `make it beside the table, then attach it, which lets queries through: CREATE TABLE ${name} (LIKE ${parent.sql} INCLUDING DEFAULTS INCLUDING CONSTRAINTS); ALTER TABLE ${parent.sql} ATTACH PARTITION ${name} ${bound}`,
    };
  },
};
