import { type Action, actionsOn } from "../statements/alter.ts";
import { columnsIn } from "../statements/columns.ts";
import { sqlName } from "../statements/sql-name.ts";
import { onceAFile } from "./once-a-file.ts";
import type { Rule } from "./rule.ts";

const columnsInFile = onceAFile(columnsIn);

/** A column that goes: its values, and every older client that names it. */
export const HG211: Rule = {
  id: "HG211",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made, migration, statements }) {
    if (migration.phase === "contract") return undefined;
    const known = ({ table, name = "" }: Action) =>
      columnsInFile(statements).known(statement, { table: table.sql, column: name });
    const dropped = actionsOn(statement, made, "AT_DropColumn").find((action) => known(action) !== undefined);
    const client = dropped === undefined ? undefined : known(dropped);
    if (dropped?.name === undefined || client === undefined) return undefined;
    const [column, name] = [sqlName(dropped.name), sqlName(client)];
    const gone = `${dropped.table.sql}.${column} and its values are gone`;
    return {
      danger:
        column === name
          ? `${gone}, and clients of the release before that name it fail at once`
          : `${gone}: clients of the release before know it as ${name}`,
      instead: `first a release whose code no longer uses ${name}; then this file in a later one, marked -- headgate: phase=contract`,
    };
  },
};
