import { asNode } from "../migrations/tree.ts";
import { actionsOn, tableOf } from "../statements/alter.ts";
import { marks } from "../statements/settled.ts";
import { sqlName } from "../statements/sql-name.ts";
import type { Rule } from "./rule.ts";

/** A table that becomes a partition, and is searched first for rows that do not belong there. */
export const HG502: Rule = {
  id: "HG502",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const attached = actionsOn(statement, made, "AT_AttachPartition").find(({ def }) => {
      const { target, sql } = tableOf(def.name);
      return !made.has(target) && !made.settled(marks.checked(sql));
    });
    if (attached === undefined) return undefined;
    const parent = attached.table.sql;
    const { sql, bare } = tableOf(attached.def.name);
    const name = sqlName(`${bare}_bound`);
    const what = asNode(attached.def.bound).is_default === true ? "what no other partition takes" : "the bound";
    return {
      danger: `nobody can read or write ${sql} until every row of it is compared with ${what} (ACCESS EXCLUSIVE lock), unless a CHECK on it says the same; a default partition of ${parent} is searched too`,
      instead: `first ALTER TABLE ${sql} ADD CONSTRAINT ${name} CHECK (…) NOT VALID, with ${what} and IS NOT NULL for its columns; in a later file ALTER TABLE ${sql} VALIDATE CONSTRAINT ${name}; after it this needs no search, and ALTER TABLE ${sql} DROP CONSTRAINT ${name}`,
      table: sql,
    };
  },
};
