import type { Statement } from "../migrations/parser.ts";
import { asNode, asText, list, type Node } from "../migrations/tree.ts";
import { type TableName, tableOf } from "./alter.ts";
import { nextName } from "./constraints.ts";
import type { Made } from "./made.ts";
import { sqlName, withoutComments } from "./sql-name.ts";

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

/** The indexes that a statement drops. */
export const indexesDropped = ({ kind, node }: Statement): readonly TableName[] =>
  kind === "DropStmt" && node.removeType === "OBJECT_INDEX" ? list(node.objects).map(tableOf) : [];

/** The name as SQL writes it of the index that a statement builds; undefined where it gives none. An index lives where its table does. */
export function indexBuilt({ kind, node }: Statement): string | undefined {
  const name = kind === "IndexStmt" ? asText(node.idxname) : undefined;
  return name === undefined ? undefined : sqlName(name, tableOf(node.relation).target.schema);
}

const UP_TO_ITS_NAME = /\bINDEX\s+(?:CONCURRENTLY\s+)?(IF\s+NOT\s+EXISTS\s+)?("(?:[^"]|"")+"|[^\s"]+)/i;

/** For an index that is built anew under the name of one that is dropped: the steps in which there is always one of both. */
export function oneForTheOther({ sql, node }: Statement): string {
  const name = String(node.idxname);
  const { schema } = tableOf(node.relation).target;
  const next = nextName(name);
  const build = withoutComments(sql).replace(
    UP_TO_ITS_NAME,
    (_, guard: string = "") => `INDEX CONCURRENTLY ${guard}${sqlName(next)}`,
  );
  return `${build}; DROP INDEX CONCURRENTLY ${sqlName(name, schema)}; ALTER INDEX ${sqlName(next, schema)} RENAME TO ${sqlName(name)}`;
}

export function trackIndexes(): Indexes {
  const built = new Map<string, BuiltIndex>();
  return {
    get: (name) => built.get(name),
    note(statement) {
      const name = indexBuilt(statement);
      const { node } = statement;
      if (name !== undefined) built.set(name, { table: tableOf(node.relation), columns: indexColumns(node) });
    },
  };
}

/** True for an index of a new table. Clients of an older one wait for a DROP of any index, even one that the set built. */
export function isNewIndex({ sql, target }: TableName, { indexes, has }: Made): boolean {
  const built = indexes.get(sql);
  return built === undefined ? has(target) : has(built.table.target);
}
