import { since } from "../statements/held.ts";
import { writesThrough } from "../statements/slow.ts";
import type { Rule } from "./rule.ts";

/** Rows that are written while the file keeps everybody out of their table. */
export const HG702: Rule = {
  id: "HG702",
  risk: "high",
  acknowledgeable: true,
  check(statement, { held }) {
    const written = held.locks.length === 0 ? [] : writesThrough(statement).map(({ sql }) => sql);
    const hold = written.length === 0 ? undefined : held.locks.find(({ table }) => written.includes(table.sql));
    if (hold === undefined) return undefined;
    const { table, wasCalled, mode, line } = hold;
    const whom = mode === "ACCESS EXCLUSIVE" ? "read or write" : "write";
    return {
      danger: `nobody can ${whom} ${table.sql} until this has gone through its rows: the file holds the table${since(line)} (${mode} lock)`,
      instead: `two files: first what changes ${table.sql} itself; then this one with the line -- headgate: no-transaction, in batches that commit each: headgate explain HG701 has the loop`,
      table: wasCalled,
    };
  },
};
