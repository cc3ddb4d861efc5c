import { tableOf } from "../statements/alter.ts";
import { columnsIn } from "../statements/columns.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

const HAS_COLUMNS = /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/;

const columnsInFile = onceAFile(columnsIn);

/** A column that older clients no longer find. */
export const HG212: Rule = {
  id: "HG212",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    const { kind, node } = statement;
    if (kind !== "RenameStmt" || node.renameType !== "OBJECT_COLUMN" || migration.phase === "contract")
      return undefined;
    const table = tableOf(node.relation);
    if (!HAS_COLUMNS.test(String(node.relationType)) || made.has(table.target)) return undefined;
    const column = { table: table.sql, column: String(node.subname) };
    const columns = columnsInFile(statements);
    const again = migration.transaction ? columns.again(statement, column) : undefined;
    // What the file has added or renamed before, no client knows by that name.
    if (columns.known(statement, column) !== column.column || again === "renamed") return undefined;
    const [old, next] = [sqlName(column.column), sqlName(String(node.newname))];
    const clients = `clients of the release before that name ${table.sql}.${old}`;
    return {
      danger:
        again === "added"
          ? `${clients} find another column there`
          : `${clients} fail at once, until the last of them is gone`,
      instead: `add ${next} beside ${old}, let the code write both, fill the older rows in batches, let the code read ${next}, and drop ${old} in a later release`,
    };
  },
};
