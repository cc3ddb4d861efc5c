import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node, nameParts } from "../migrations/tree.ts";
import type { WantedExtension, WantedRelation, Wants } from "../migrations/wants.ts";
import { callsUnknown } from "./calls.ts";
import { movesSearchPath } from "./search-path.ts";
import { madeBy } from "./targets.ts";

const RELATION = /^OBJECT_(TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE)$/;

const named = (value: unknown): Pick<WantedRelation, "name" | "schema"> => {
  const [name, schemaPart] = nameParts(value).toReversed();
  const schema = asText(schemaPart);
  return { name: String(name), ...(schema === undefined ? {} : { schema }) };
};

const attached = (node: Node): unknown[] =>
  list(node.cmds)
    .map((item) => asNode(item.AlterTableCmd))
    .filter(({ subtype }) => subtype === "AT_AttachPartition")
    .map(({ def }) => asNode(asNode(def).PartitionCmd).name);

const PART_OF_A_TABLE = /^OBJECT_(COLUMN|TABCONSTRAINT)$/;

/**
 * What only an owner may do, by PostgreSQL's own checks. Triggers want a privilege; policies are left out, because
 * platforms let their users write them on tables of others.
 */
const owned: Readonly<Record<string, (node: Node) => readonly unknown[]>> = {
  AlterTableStmt: (node) => (RELATION.test(String(node.objtype)) ? [node.relation, ...attached(node)] : []),
  AlterSeqStmt: ({ sequence }) => [sequence],
  AlterObjectSchemaStmt: ({ objectType, relation }) => (RELATION.test(String(objectType)) ? [relation] : []),
  RenameStmt: ({ renameType, relation }) =>
    RELATION.test(String(renameType)) || PART_OF_A_TABLE.test(String(renameType)) ? [relation] : [],
  IndexStmt: ({ relation }) => [relation],
  ViewStmt: ({ view, replace }) => (replace === true ? [view] : []),
  CreateStmt: ({ inhRelations, if_not_exists: mayBeThere }) => (mayBeThere === true ? [] : list(inhRelations)),
  DropStmt: ({ removeType, objects }) => (RELATION.test(String(removeType)) ? list(objects) : []),
};

const ownedBy = ({ kind, node, line }: Statement): WantedRelation[] =>
  (owned[kind]?.(node) ?? [])
    .filter((relation) => relation !== undefined)
    .map((relation) => ({
      ...named(relation),
      ...(kind === "DropStmt" ? { drops: true as const } : {}),
      ...(line === undefined ? {} : { line }),
    }));

/** Names that stand for something else from this statement on. */
function settledBy(statement: Statement): string[] {
  const { kind, node } = statement;
  const made = madeBy(statement).flatMap(({ sort, name }) => (sort === "relation" ? [name] : []));
  const isMoved = kind === "DropStmt" || kind === "AlterObjectSchemaStmt";
  const isRenamed = kind === "RenameStmt" && RELATION.test(String(node.renameType));
  const before = isMoved || isRenamed ? ownedBy(statement).map(({ name }) => name) : [];
  return [...made, ...before, ...(isRenamed ? [String(node.newname)] : [])];
}

const takesRole = ({ kind, node, sql }: Statement): boolean =>
  kind === "VariableSetStmt"
    ? node.name === "role" || node.name === "session_authorization"
    : kind === "DiscardStmt" ||
      (kind === "SelectStmt" && /\bset_config\s*\(\s*'(role|session_authorization)'/i.test(sql));

const RESHUFFLE = new Set([
  ...["AlterOwnerStmt", "ReassignOwnedStmt", "DropOwnedStmt", "GrantRoleStmt", "AlterRoleStmt"],
  ...["DoStmt", "CallStmt"],
]);

/** Roles, owners or schemas may be others from here on; a piece of code may do anything. */
function reshuffles(statement: Statement): boolean {
  const { kind, node } = statement;
  if (RESHUFFLE.has(kind) || (kind === "SelectStmt" && callsUnknown(statement))) return true;
  if (kind === "DropStmt" || kind === "RenameStmt")
    return /^OBJECT_(SCHEMA|EXTENSION|ROLE)$/.test(String(node.removeType ?? node.renameType));
  return list(node.cmds).some((item) => asNode(item.AlterTableCmd).subtype === "AT_ChangeOwner");
}

function extensionOf({ kind, node, line }: Statement): WantedExtension[] {
  if (kind !== "CreateExtensionStmt") return [];
  const option = list(node.options)
    .map((item) => asNode(item.DefElem))
    .find(({ defname }) => defname === "new_version");
  const version = asText(asNode(asNode(option?.arg).String).sval);
  return [
    {
      name: String(node.extname),
      ...(version === undefined ? {} : { version }),
      ...(node.if_not_exists === true ? { mayBeThere: true as const } : {}),
      ...(line === undefined ? {} : { line }),
    },
  ];
}

/** Pure: what the statements of one migration want, in their order. Each relation once, where it is met first. */
export function wantsOf(statements: readonly Statement[]): Wants {
  const relations = new Map<string, WantedRelation>();
  const settled = new Set<string>();
  // As somebody else from here to the end of the file, and under another search_path.
  const since = { role: false, path: false, reshuffled: false };
  for (const statement of statements) {
    const isKnown = ({ name, schema }: WantedRelation) => !settled.has(name) && (schema !== undefined || !since.path);
    const wanted = since.role || since.reshuffled ? [] : ownedBy(statement).filter(isKnown);
    for (const one of wanted) {
      const key = JSON.stringify([one.schema, one.name, one.drops]);
      if (!relations.has(key)) relations.set(key, one);
    }
    for (const name of settledBy(statement)) settled.add(name);
    since.role ||= takesRole(statement);
    since.path ||= movesSearchPath(statement);
    since.reshuffled ||= reshuffles(statement);
  }
  const extensions = statements.flatMap(extensionOf);
  return { extensions, relations: [...relations.values()], settled: [...settled], reshuffles: since.reshuffled };
}
