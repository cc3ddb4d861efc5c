import type { Statement } from "../migrations/parser.ts";
import { asNode, list } from "../migrations/tree.ts";
import { actionsOf, tableOf } from "./alter.ts";

/** A column as a statement names it: table as SQL writes it, column unquoted. */
interface Asked {
  readonly table: string;
  readonly column: string;
}

/** What the statements of a file do to the names of columns. */
export interface Columns {
  /** The name that clients know a column by, before this statement: its own, the one before a rename, none where it was added. */
  readonly known: (statement: Statement, asked: Asked) => string | undefined;
  /** How a statement after this one puts another column under the name. */
  readonly again: (statement: Statement, asked: Asked) => "added" | "renamed" | undefined;
}

interface Event extends Asked {
  /** The name before a rename; undefined for a column that is added. */
  readonly from: string | undefined;
}

function eventsOf(statement: Statement): readonly Event[] {
  const { kind, node } = statement;
  if (kind === "RenameStmt" && node.renameType === "OBJECT_COLUMN")
    return [{ table: tableOf(node.relation).sql, column: String(node.newname), from: String(node.subname) }];
  const commands = kind === "AlterTableStmt" ? list(node.cmds).map((item) => asNode(item.AlterTableCmd)) : [];
  return actionsOf(statement).flatMap(({ table, type, def }, at) =>
    // With IF NOT EXISTS it may have been there before.
    type === "AT_AddColumn" && commands[at]?.missing_ok !== true
      ? [{ table: table.sql, column: String(def.colname), from: undefined }]
      : [],
  );
}

interface Place {
  readonly at: number;
  readonly known: string | undefined;
  readonly how: "added" | "renamed";
}

const key = ({ table, column }: Asked): string => JSON.stringify([table, column]);

export function columnsIn(statements: readonly Statement[]): Columns {
  const places = new Map<string, Place[]>();
  const order = new Map(statements.map((statement, at) => [statement, at]));
  const of = (asked: Asked): readonly Place[] => places.get(key(asked)) ?? [];
  const knownAt = (at: number, asked: Asked): string | undefined => {
    const last = of(asked).findLast((place) => place.at < at);
    return last === undefined ? asked.column : last.known;
  };
  for (const [statement, at] of order) {
    for (const { table, column, from } of eventsOf(statement)) {
      const known = from === undefined ? undefined : knownAt(at, { table, column: from });
      const all = places.get(key({ table, column })) ?? [];
      all.push({ at, known, how: from === undefined ? "added" : "renamed" });
      places.set(key({ table, column }), all);
    }
  }
  const place = (statement: Statement): number => order.get(statement) ?? 0;
  return {
    known: (statement, asked) => knownAt(place(statement), asked),
    again: (statement, asked) => of(asked).findLast(({ at }) => at > place(statement))?.how,
  };
}
