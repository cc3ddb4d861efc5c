import { actionsOn, tableOf } from "../statements/alter.ts";
import type { Rule } from "./rule.ts";

/** A partition that is detached while nobody can use the whole table. */
export const HG501: Rule = {
  id: "HG501",
  risk: "high",
  acknowledgeable: true,
  check(statement, { made }) {
    const detached = actionsOn(statement, made, "AT_DetachPartition").find(({ def }) => def.concurrent !== true);
    if (detached === undefined) return undefined;
    const parent = detached.table.sql;
    const partition = tableOf(detached.def.name).sql;
    return {
      danger: `it waits for every query that runs on ${parent} with all its partitions, and every later one waits behind it (ACCESS EXCLUSIVE lock)`,
      instead: `in a file of its own with the line -- headgate: no-transaction: ALTER TABLE ${parent} DETACH PARTITION ${partition} CONCURRENTLY`,
    };
  },
};
