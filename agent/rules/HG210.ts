import { actionsOn } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A column that may be empty from now on. */
export const HG210: Rule = {
  id: "HG210",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made, migration }) {
    const [loosened] = actionsOn(statement, made, "AT_DropNotNull");
    if (loosened?.name === undefined || migration.phase === "contract") return undefined;
    const { table, name } = loosened;
    const column = sqlName(name);
    return {
      danger: `clients of the release before rely on a value in ${table.sql}.${column}, and fail when they read the first NULL`,
      instead: `let a value stand for none: ALTER TABLE ${table.sql} ALTER COLUMN ${column} SET DEFAULT …; or first release code that reads NULL in ${column}`,
    };
  },
};
