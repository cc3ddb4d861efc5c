import { actionsOf } from "../statements/alter.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A foreign key of a partitioned table that older servers do not take. */
export const HG506: Rule = {
  id: "HG506",
  risk: "medium",
  acknowledgeable: true,
  check(statement, { made }) {
    const added = actionsOf(statement).find(
      ({ type, def, table }) =>
        type === "AT_AddConstraint" &&
        def.contype === "CONSTR_FOREIGN" &&
        def.skip_validation === true &&
        made.settled(marks.partitioned(table.sql)),
    );
    if (added === undefined) return undefined;
    const { table, def } = added;
    const name = typeof def.conname === "string" ? ` ${sqlName(def.conname)}` : "";
    return {
      danger: `${table.sql} is partitioned, and before version 18 PostgreSQL takes no NOT VALID for a foreign key of such a table (0A000): the file fails`,
      instead: made.has(table.target)
        ? `leave NOT VALID out: ${table.sql} is new, so no row has to be looked at`
        : `add the key${name} to each partition with NOT VALID, validate each in a later file, then add it to ${table.sql} without NOT VALID`,
      servers: { below: 180_000 },
    };
  },
};
