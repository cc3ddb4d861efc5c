/** One node of libpg-query's tree: `{NodeName: {...}}`. */
export type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** A part of the tree as a node; what is none has no keys. */
export const asNode = (value: unknown): Node => (isNode(value) ? value : {});

/** A part of the tree as a word; undefined where there is none. */
export const asText = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export const list = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.map(asNode) : []);

/** True when `test` holds for a node anywhere in the tree, under the name that it has there. */
export function anyBelow(value: unknown, test: (kind: string, node: Node) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => anyBelow(item, test));
  if (!isNode(value)) return false;
  return Object.entries(value).some(([kind, child]) => test(kind, asNode(child)) || anyBelow(child, test));
}

/** Parts of a name, however the tree holds it: a table, a list of strings, a function or a type. */
export function nameParts(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.map((item) => asNode(asNode(item).String).sval);
  const node = asNode(value);
  if (node.relname !== undefined) return [node.schemaname, node.relname];
  if (node.sval !== undefined) return [node.sval];
  const inner = node.objname ?? node.names ?? node.items;
  // Else a wrapper such as {RangeVar: ...}.
  return inner === undefined ? Object.values(node).slice(0, 1).flatMap(nameParts) : nameParts(inner);
}
