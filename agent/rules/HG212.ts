import { tableOf } from "../statements/alter.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

const HAS_COLUMNS = /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/;

/** A column that older clients no longer find. */
export const HG212: Rule = {
  id: "HG212",
  risk: "high",
  acknowledgeable: true,
  check({ kind, node }, { made, migration }) {
    if (kind !== "RenameStmt" || node.renameType !== "OBJECT_COLUMN" || migration.phase === "contract")
      return undefined;
    const table = tableOf(node.relation);
    if (!HAS_COLUMNS.test(String(node.relationType)) || made.has(table.target)) return undefined;
    const [old, next] = [sqlName(String(node.subname)), sqlName(String(node.newname))];
    return {
      danger: `clients of the release before that name ${table.sql}.${old} fail at once, until the last of them is gone`,
      instead: `add ${next} beside ${old}, let the code write both, fill the older rows in batches, let the code read ${next}, and drop ${old} in a later release`,
    };
  },
};
