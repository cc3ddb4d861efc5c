import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node } from "../migrations/tree.ts";
import { type TableName, tableOf } from "./alter.ts";
import type { Made } from "./made.ts";
import { sqlName } from "./sql-name.ts";

/** An index that the set builds. */
export interface BuiltIndex {
  readonly table: TableName;
  /** Its columns in their order, unquoted; undefined in the place of an expression. */
  readonly columns: readonly (string | undefined)[];
}

/** The named indexes that the statements so far have built, by their names as SQL writes them. */
export interface Indexes {
  readonly get: (name: string) => BuiltIndex | undefined;
  readonly note: (statement: Statement) => void;
}

export const indexColumns = ({ indexParams }: Node): BuiltIndex["columns"] =>
  list(indexParams).map(({ IndexElem }) => asText(asNode(IndexElem).name));

export function trackIndexes(): Indexes {
  const built = new Map<string, BuiltIndex>();
  return {
    get: (name) => built.get(name),
    note({ kind, node }) {
      const name = kind === "IndexStmt" ? asText(node.idxname) : undefined;
      if (name === undefined) return;
      const table = tableOf(node.relation);
      // An index lives where its table does.
      built.set(sqlName(name, table.target.schema), { table, columns: indexColumns(node) });
    },
  };
}

/** True for an index of a new table. Clients of an older one wait for a DROP of any index, even one that the set built. */
export function isNewIndex({ sql, target }: TableName, { indexes, has }: Made): boolean {
  const built = indexes.get(sql);
  return built === undefined ? has(target) : has(built.table.target);
}
