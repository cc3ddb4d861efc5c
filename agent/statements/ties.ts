import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import type { DownEffect } from "../migrations/types.ts";
import { sqlName } from "./sql-name.ts";

/** TRIGGER_TYPE_INSERT of PostgreSQL's pg_trigger.h. */
const ON_INSERT = 4;

export function tableName(value: unknown): string {
  const [name, schema] = nameParts(value).toReversed();
  return sqlName(String(name), asText(schema));
}

/** The table that the statement makes, if it makes one. */
export function madeBy({ kind, node }: Statement): DownEffect[] {
  const into = asNode(kind === "SelectStmt" ? node.intoClause : node.into).rel;
  const table = kind === "CreateStmt" ? node.relation : into;
  return table === undefined ? [] : [{ kind: "made", table: tableName(table) }];
}

const tied = (from: unknown, adds: boolean, to?: unknown): DownEffect => ({
  ...{ kind: "tied", table: tableName(from), adds },
  ...(to === undefined ? {} : { to: tableName(to) }),
});

function tiedByAlter({ relation, cmds }: Node): DownEffect[] {
  return list(cmds).flatMap((item) => {
    const { subtype, def } = asNode(item.AlterTableCmd);
    if (subtype === "AT_AttachPartition") return [tied(relation, true, asNode(asNode(def).PartitionCmd).name)];
    return subtype === "AT_AddInherit" ? [tied(def, false, relation)] : [];
  });
}

const byKind: Readonly<Record<string, (node: Node) => DownEffect[]>> = {
  AlterTableStmt: tiedByAlter,
  CreateStmt: ({ relation, inhRelations, partbound }) =>
    list(inhRelations).map((parent) => tied(parent, partbound !== undefined, relation)),
  CreateTrigStmt: ({ relation, events }) => [tied(relation, (Number(events) & ON_INSERT) !== 0)],
  RuleStmt: ({ relation, event }) => [tied(relation, event === "CMD_INSERT")],
};

/** Tables of which a write goes on into others from now on: partitions, heirs, what a trigger or a rule does. */
export const tiedBy = ({ kind, node }: Statement): DownEffect[] => byKind[kind]?.(node) ?? [];
